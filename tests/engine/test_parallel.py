"""Whose turn it is: steps get their memos in the order in which they were completed."""

from __future__ import annotations

from typing import Any

import pytest

from inngest_py.engine.memory import ABSENT, Memory
from inngest_py.engine.parallel import Turns
from inngest_py.engine.plan import Plan

MEMOS: dict[str, Any] = {"a": {"data": 1}, "b": {"data": 2}, "c": None, "d": {"error": {"name": "E"}}}


def turns(*order: str) -> Turns:
    return Turns(Memory(MEMOS, order))


def test_a_step_whose_turn_it_is_has_its_memo_at_once() -> None:
    walk = turns("a", "b", "c", "d")

    assert [walk.recall(step) for step in "abcd"] == [{"data": 1}, {"data": 2}, None, {"error": {"name": "E"}}]
    assert (walk.expected, walk.wave) == (None, 4)


@pytest.mark.parametrize("early", ["b", "c", "d"])
def test_a_step_before_its_turn_waits(early: str) -> None:
    walk = turns("a", "b", "c", "d")

    assert walk.recall(early) is ABSENT
    assert (walk.expected, walk.wave) == ("a", 0)


def test_a_step_whose_place_is_not_known_never_waits() -> None:
    walk = turns("b")

    assert walk.recall("a") == {"data": 1}
    assert walk.recall("unknown") is ABSENT
    assert walk.expected == "b"


def test_what_was_handed_over_early_is_passed_when_its_turn_comes() -> None:
    walk = turns("a", "b", "c", "d")

    walk.hand_over("b")
    walk.hand_over("c")
    assert list(walk.ahead()) == ["a", "d"]
    assert list(walk.ahead("b")) == ["d"]
    walk.hand_over("a")

    assert walk.expected == "d"
    walk.hand_over("d")
    assert list(walk.ahead()) == []


def test_of_those_that_wait_the_first_completed_goes_on() -> None:
    assert turns("d", "b", "a").first_of({"a", "b"}) == "b"


def test_disorder_is_noted_once_and_only_of_steps_whose_place_is_known() -> None:
    plan = Plan(Memory(MEMOS, ["a", "b", "c"]))

    plan.note_disorder("a")
    plan.note_disorder("d")
    assert plan.notes == []
    plan.note_disorder("b")
    plan.note_disorder("c")

    assert [note.partition(": was it")[0] for note in plan.notes] == [
        "the next completed step is a, but the function asks for b"
    ]
