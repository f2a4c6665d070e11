"""The arguments of steps: what is shown of them, and what becomes of those that somebody edited."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

import pytest

from inngest_py.engine.inputs import MOST_SHOWN, edited, recorded
from inngest_py.engine.memory import ABSENT, Memory


def one(amount: Decimal) -> None: ...


def several(*amounts: Decimal) -> None: ...


def some(name: str, /, *amounts: Decimal, last: int = 0) -> None: ...


def unstated(name, amount: Decimal, note=None) -> None: ...


def bound(name: str, amount: Decimal) -> None: ...


def unknown(amount: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def keyword(name: str, *, amount: Decimal) -> None: ...


class Takes:
    def method(self, amount: Decimal) -> None: ...


@pytest.mark.parametrize(
    ("handler", "args", "given"),
    [
        (one, ["1"], [Decimal(1)]),
        (one, ["much"], ["much"]),
        (one, ["1", "2"], [Decimal(1), "2"]),
        (several, ["1", "2", "3"], [Decimal(1), Decimal(2), Decimal(3)]),
        (some, ["1", "2", "3"], ["1", Decimal(2), Decimal(3)]),
        (unstated, ["1", "2", "3"], ["1", Decimal(2), "3"]),
        (functools.partial(bound, "name"), ["2"], [Decimal(2)]),
        (keyword, ["1", "2"], ["1", "2"]),
        (Takes().method, ["2"], [Decimal(2)]),
        (unknown, ["1"], ["1"]),
        (dict, [1], [1]),
        (5, [1], [1]),
    ],
)
def test_edited_arguments_have_the_types_that_the_handler_wants(handler: Any, args: list, given: list) -> None:
    assert edited(handler, args) == given
    assert [*map(type, edited(handler, args))] == [*map(type, given)]


@pytest.mark.parametrize(
    ("args", "kwargs", "shown"),
    [
        ((1, Decimal(2)), {}, {"input": [1, "2"]}),
        ((), {}, {}),
        ((1,), {"key": 1}, {}),
        ((object(),), {}, {}),
        (("x" * MOST_SHOWN,), {}, {}),
    ],
)
def test_arguments_are_shown_where_they_can_be_given_back(args: tuple, kwargs: dict, shown: dict) -> None:
    assert recorded(args, kwargs) == shown


@pytest.mark.parametrize(
    ("memo", "args"),
    [
        ({"input": [1]}, [1]),
        ({"input": []}, []),
        ({"input": "xyz"}, None),
        ({"input": {"a": 1}}, None),
        ({"input": None}, None),
    ],
)
def test_a_memo_without_a_result_is_none_and_may_have_arguments(memo: Any, args: Any) -> None:
    memory = Memory({"id": memo})

    assert memory.recall("id") is ABSENT
    assert memory.edited_input("id") == args
    assert memory.edited_input("other") is None


def test_what_is_not_there_is_shown_by_name() -> None:
    assert repr(ABSENT) == "ABSENT"
