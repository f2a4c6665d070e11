"""What a plan notes for the log of the results of steps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import pytest

from inngest_py.engine import catalogue
from inngest_py.engine.identity import key_of
from inngest_py.engine.memory import Memory
from inngest_py.engine.plan import Plan

STEP = catalogue.run(key_of("a", 0))


@dataclass
class Order:
    order_id: str


def silent(start): ...


def said(start) -> Order:
    return Order(start)


def noted(note: str, *about: Any) -> list[str]:
    plan = Plan(Memory({}))
    getattr(plan, note)(STEP, *about)
    return list(plan.notes)


@pytest.mark.parametrize("handler", [silent, functools.partial(silent, 1)])
def test_a_result_that_will_come_back_as_a_dict_is_noted_with_what_to_write(handler: Any) -> None:
    (note,) = noted("note_untyped", handler, Order("1"))

    assert note.startswith('step "a" returns a Order, and will give a dict when it is replayed: annotate')


@pytest.mark.parametrize(
    ("handler", "result"), [(said, Order("1")), (functools.partial(said, "1"), Order("1")), (silent, 1)]
)
def test_a_result_that_comes_back_as_it_is_or_as_it_is_said_is_not_noted(handler: Any, result: Any) -> None:
    assert noted("note_untyped", handler, result) == []


@pytest.mark.parametrize("result", [2**53 + 1, [1, {"a": [2**53 + 1]}], {"a": 2**53 + 1}])
def test_a_whole_number_that_no_double_holds_is_noted(result: Any) -> None:
    (note,) = noted("note_inexact", result)

    assert note.startswith('step "a" returns 9007199254740993, and will give 9007199254740992')


@pytest.mark.parametrize("result", [2**53, [2**60, 1.5, "9007199254740993", None, True], {}])
def test_a_number_that_a_double_holds_is_not_noted(result: Any) -> None:
    assert noted("note_inexact", result) == []
