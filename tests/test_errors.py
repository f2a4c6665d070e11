"""The exceptions: what they carry, what else they are, and that they survive a trip between processes."""

from __future__ import annotations

import inspect
import pickle
from datetime import timedelta

import pytest

from inngest_py import errors
from inngest_py.errors import (
    DivergenceError,
    InngestError,
    Interrupt,
    NonRetriableError,
    RequestError,
    RetryAfterError,
    SendEventsError,
    ServerError,
    StepError,
    UnserializableError,
)


def test_the_tree_on_top_of_the_module_names_every_exception() -> None:
    defined = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, BaseException)}

    missing = {name for name in defined if f"── {name} " not in f"{errors.__doc__} ".replace("\n", " \n")}

    assert missing == set()


@pytest.mark.parametrize(
    ("name", "also"),
    [
        ("ConfigError", ValueError),
        ("UsageError", RuntimeError),
        ("UnserializableError", TypeError),
        ("EventDataError", ValueError),
        ("DivergenceError", AssertionError),
    ],
)
def test_what_you_did_is_also_the_error_that_python_has_for_it(name: str, also: type[Exception]) -> None:
    kind = getattr(errors, name)

    assert issubclass(kind, also)
    assert issubclass(kind, InngestError)


@pytest.mark.parametrize(
    "error",
    [
        UnserializableError("$.orders[3]", "a set is no list"),
        SendEventsError("refused", ["01H"]),
        ServerError("unreachable", 502),
        DivergenceError("shop-order", 2, "it returns", "time.time()"),
        NonRetriableError("stop", quiet=True),
        RetryAfterError("later", timedelta(minutes=5), quiet=True),
        StepError("charge", "ValueError", "declined", "Traceback"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_whole_from_another_process(error: InngestError) -> None:
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert (type(found), str(found), vars(found)) == (type(error), str(error), vars(error))


def test_every_refused_request_has_a_status_of_an_error_and_a_code_of_its_own() -> None:
    kinds: list[type[RequestError]] = [RequestError, *RequestError.__subclasses__()]

    assert all(400 <= kind.status < 600 for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_an_unserializable_value_is_named_with_its_path() -> None:
    error = UnserializableError("$.orders[3].placed_by", "it is a User")

    assert str(error) == "cannot be written as JSON: at $.orders[3].placed_by: it is a User"


@pytest.mark.parametrize("error", [NonRetriableError(), NonRetriableError(None)])
def test_a_non_retriable_error_without_a_message_has_an_empty_one(error: NonRetriableError) -> None:
    assert (str(error), error.message, error.quiet) == ("", "", False)


@pytest.mark.parametrize("number", [5, 0.5, None])
def test_retry_after_takes_no_bare_number_and_says_what_to_write(number: object) -> None:
    with pytest.raises(TypeError, match=rf'retry_after={number!r} has no unit: write "{number}s"'):
        RetryAfterError("later", number)  # type: ignore[arg-type]


def test_retry_after_reads_as_its_message() -> None:
    error = RetryAfterError("the bank is closed", "8h")

    assert (str(error), error.retry_after, error.quiet) == ("the bank is closed", "8h", False)


def test_a_step_error_reads_like_the_last_line_of_a_traceback() -> None:
    assert str(StepError("charge", "CardDeclined", "no money")) == "CardDeclined: no money"
    assert str(StepError("charge", "CardDeclined")) == "CardDeclined"


def test_a_step_error_is_chained_to_the_error_behind_it() -> None:
    behind = StepError("charge", "OSError", "network down")

    error = StepError("charge", "CardDeclined", "no money", cause=behind)

    assert error.cause is behind
    assert error.__cause__ is behind


def test_an_interrupt_passes_by_whoever_catches_exceptions() -> None:
    assert not issubclass(Interrupt, Exception)
