"""Errors on the wire: whatever the user's code raises can be sent, and whatever was stored can be raised."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given

import inngest_py
from inngest_py.errors import StepError
from inngest_py.wire.codec import JSON, decode, encode
from inngest_py.wire.failure import MAX_CAUSES, MAX_TEXT, Failure, failure_of, step_error, user_traceback
from json_values import VALUES


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise OSError("no")


def raised(error: Exception) -> Exception:
    """The error as it is when it was raised, with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_an_exception_is_described_with_its_stack() -> None:
    failure = failure_of(raised(ValueError("no such order")))

    assert (failure.name, failure.message, failure.code, failure.cause) == (
        "ValueError",
        "no such order",
        "unknown",
        None,
    )
    assert failure.stack.startswith("Traceback (most recent call last):\n")
    assert failure.stack.endswith("ValueError: no such order\n")


OURS = Path(inngest_py.__file__).parent


def calling(path: Path) -> Callable[[Callable[[], object]], object]:
    """A function in a file of that path, which calls what it is given."""
    names: dict[str, Any] = {}
    exec(compile("def call(it):\n    it()", str(path), "exec"), names)  # noqa: S102 - so that a frame has that path
    return cast("Callable[[Callable[[], object]], object]", names["call"])


def files_of(error: BaseException) -> list[str]:
    return [frame.f_code.co_filename for frame, _ in traceback.walk_tb(user_traceback(error))]


def test_frames_of_ours_in_front_are_left_out() -> None:
    ours, theirs = OURS / "engine" / "run.py", OURS.parent / "inngest_py_shop" / "orders.py"
    call = calling(theirs)

    with pytest.raises(ZeroDivisionError) as caught:
        calling(ours)(functools.partial(call, functools.partial(divmod, 1, 0)))
    caught.value.__traceback__ = caught.tb.tb_next

    assert files_of(caught.value) == [str(theirs)]


def test_if_all_frames_are_ours_none_is_shown() -> None:
    ours = OURS / "engine" / "run.py"

    with pytest.raises(ZeroDivisionError) as caught:
        calling(ours)(functools.partial(divmod, 1, 0))
    caught.value.__traceback__ = caught.tb.tb_next

    assert files_of(caught.value) == []


def broken() -> None:
    raise OSError("network down")


def fails_with_a_cause() -> None:
    try:
        broken()
    except OSError as behind:
        raise ValueError("no order") from behind


def fails_while_handling() -> None:
    try:
        broken()
    except OSError:
        raise ValueError("no order")  # noqa: B904 - this is the case


def fails_from_none() -> None:
    try:
        broken()
    except OSError:
        raise ValueError("no order") from None


@pytest.mark.parametrize("fail", [fails_with_a_cause, fails_while_handling])
def test_the_error_behind_an_error_is_its_cause(fail: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match="no order") as caught:
        fail()

    cause = failure_of(caught.value).cause
    assert cause is not None
    assert (cause.name, cause.message) == ("OSError", "network down")


def test_an_error_raised_from_none_has_no_cause() -> None:
    with pytest.raises(ValueError, match="no order") as caught:
        fails_from_none()

    assert failure_of(caught.value).cause is None


def test_a_circle_of_causes_ends() -> None:
    error, other = ValueError("a"), ValueError("b")
    error.__cause__, other.__cause__ = other, error

    failure, depth = failure_of(error), 0
    while failure.cause is not None:
        failure, depth = failure.cause, depth + 1

    assert depth == MAX_CAUSES


def test_a_step_error_is_described_as_the_error_that_it_stands_for() -> None:
    error = StepError("charge", "CardDeclined", "no money", "Traceback: charge.py", StepError("charge", "OSError"))

    failure = failure_of(error, "step_errored")

    assert failure == Failure("CardDeclined", "no money", "Traceback: charge.py", "step_errored", failure.cause)
    assert failure.cause is not None
    assert failure.cause.name == "OSError"


def test_an_error_that_cannot_say_what_it_is_is_described_all_the_same() -> None:
    assert failure_of(raised(UnspeakableError())).message == "(its message cannot be shown: OSError)"


def test_a_message_with_half_of_a_surrogate_pair_can_be_sent() -> None:
    failure = failure_of(raised(ValueError("no file a\udcff.txt")))

    body = decode(encode(failure.to_json()))

    assert body["message"] == r"no file a\udcff.txt"
    assert r"a\udcff.txt" in body["stack"]


def test_an_error_is_written_without_what_it_does_not_have() -> None:
    assert Failure("E", "m").to_json() == {"code": "unknown", "message": "m", "name": "E"}
    assert Failure("E", "m", "s", "c", Failure("F", "n")).to_json() == {
        "code": "c",
        "message": "m",
        "name": "E",
        "stack": "s",
        "cause": {"code": "unknown", "message": "n", "name": "F"},
    }


# Reading it back ---------------------------------------------------------------------------------------------------


def test_a_stored_error_is_read_back() -> None:
    body = {"name": "CardDeclined", "message": "no money", "stack": "s", "cause": {"name": "OSError"}, "noRetry": True}

    error = step_error("charge", body)

    assert (error.step_id, error.name, error.message, error.stack) == ("charge", "CardDeclined", "no money", "s")
    assert error.cause is not None
    assert error.cause.name == "OSError"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (None, "Error: the step failed without saying why"),
        ("boom", "Error: boom"),
        (5, "Error: 5"),
        ({}, "Error"),
        ({"message": "boom"}, "Error: boom"),
        ({"name": "E"}, "E"),
        ({"error": "invalid status code: 500"}, "Error: invalid status code: 500"),
        ({"name": 5, "message": {"a": 1}}, "5: {'a': 1}"),
        ({"name": "E", "message": "m", "cause": "text"}, "E: m"),
    ],
)
def test_a_malformed_error_stays_an_error(body: object, shown: str) -> None:
    assert str(step_error("a", body)) == shown


def test_an_endless_chain_of_stored_causes_ends() -> None:
    body: dict[str, Any] = {}
    for _ in range(50_000):
        body = {"cause": body}

    error, depth = step_error("a", body), 0
    while error.cause is not None:
        error, depth = error.cause, depth + 1

    assert depth == MAX_CAUSES


@given(VALUES)
def test_whatever_was_stored_is_an_error(body: JSON) -> None:
    assert isinstance(step_error("a", body), StepError)


# Size --------------------------------------------------------------------------------------------------------------


def test_a_message_that_is_too_long_is_cut_and_says_how_long_it_was() -> None:
    failure = failure_of(ValueError("x" * 5_000_000))

    assert failure.message == "x" * MAX_TEXT + f"… (cut to {MAX_TEXT} characters, of 5000000)"


def test_a_stack_that_is_too_long_keeps_its_beginning_and_its_end() -> None:
    failure = failure_of(ValueError("x" * 5_000_000 + " the end"))

    assert failure.stack.startswith("ValueError: xxx")
    assert failure.stack.endswith("xxx the end\n")
    assert f"(cut to {MAX_TEXT} characters, of 5000021)" in failure.stack
    assert len(failure.stack) < MAX_TEXT + 100


def test_of_a_long_chain_of_long_errors_little_enough_is_sent() -> None:
    chain: BaseException = ValueError("\x00" * 1_000_000)
    for _ in range(9):
        outer = ValueError("\x00" * 1_000_000)
        outer.__cause__ = chain
        chain = outer

    assert len(encode(failure_of(chain).to_json())) < 4 * 1024 * 1024


def test_the_error_of_a_step_is_cut_too() -> None:
    failure = failure_of(StepError("s", "\ud800", "m" * 100_000, "s" * 100_000))

    assert failure.name == "\\ud800"
    assert max(map(len, (failure.message, failure.stack))) < MAX_TEXT + 100


class Undecided(Exception):  # noqa: N818
    def __bool__(self) -> bool:
        raise TypeError("neither")


def test_an_error_that_is_neither_true_nor_false_may_be_a_cause() -> None:
    error = ValueError("outer")
    error.__cause__ = Undecided("inner")

    failure = failure_of(error)

    assert failure.cause is not None
    assert (failure.cause.name, failure.cause.message) == ("Undecided", "inner")
