"""Of several things that are due at one moment, what comes first may have settled the others."""

from __future__ import annotations

import pytest

from inngest_py.dev.decide import clock
from inngest_py.dev.duration import DAY, MINUTE
from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import RunSkipped
from inngest_py.dev.simulation import START
from inngest_py.dev.timers import TimerKind


def test_a_run_whose_time_is_up_when_it_should_be_tried_again_is_cancelled(world, kit):
    world.function("f", lambda _: kit.failure(), timeouts={"finish": "1s"})
    world.send("t/f")
    world.run()

    assert (world.only("f").status, world.only("f").ended_at) == (RunStatus.CANCELLED, START + 1000)
    assert len(world.calls) == 1


def test_a_run_whose_time_is_up_when_it_should_wake_is_cancelled(world, kit):
    world.function("f", lambda _: kit.ops(kit.op("Sleep", "s", name="1s")), timeouts={"finish": "1s"})
    world.send("t/f")
    world.run()

    assert world.only("f").status is RunStatus.CANCELLED
    assert len(world.calls) == 1


def test_a_run_that_another_takes_the_place_of_when_its_time_is_up_ends_once(world, kit):
    rules = {"singleton": {"mode": "cancel"}, "debounce": {"period": "5s"}, "timeouts": {"finish": "5s"}}
    world.function("f", lambda _: kit.ops(kit.op("Sleep", "s", name="1h")), **rules)
    world.send("t/f")
    world.simulation.advance(5000)
    world.settle()
    world.send("t/f")
    world.simulation.advance(5000)

    first, second = world.runs("f")
    assert (first.status, first.ended_at) == (RunStatus.CANCELLED, second.created_at)


def test_an_id_that_is_used_anew_when_its_day_is_over_is_used_up(world, kit):
    """The debounce is over at the moment at which the id may be used again."""
    world.function("f", lambda _: kit.done(), debounce={"period": "10s"})
    world.send("t/f", id="mine")
    world.simulation.advance(DAY)
    world.send("t/f", id="mine")
    world.simulation.advance(10_000)
    world.send("t/f", id="mine")
    world.simulation.advance(10_000)

    assert [run.created_at - START for run in world.runs("f")] == [10_000, DAY + 10_000]
    assert [notice.reason for notice in world.simulation.told(RunSkipped)] == ["a duplicate"]


def test_a_tick_that_a_singleton_skips_is_told(world, kit):
    world.function(
        "f",
        lambda _: kit.ops(kit.op("Sleep", "s", name="1h")),
        triggers=[{"cron": "* * * * *"}],
        singleton={"mode": "skip"},
    )
    for _ in range(2):
        world.simulation.advance(MINUTE)
        world.settle()

    assert len(world.runs("f")) == 1
    assert [notice.reason for notice in world.simulation.told(RunSkipped)] == ["already running"]


def test_what_is_due_with_something_that_fails_has_its_turn(world, kit, monkeypatch):
    world.function("held", lambda _: kit.done(), debounce={"period": "1s"})
    world.function("nap", lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="1s")))
    world.send("t/held")
    world.send("t/nap")
    world.settle()

    with monkeypatch.context() as patch:
        patch.setitem(clock._DUE, TimerKind.BUFFER, broken)
        with pytest.raises(ZeroDivisionError):
            world.simulation.advance(1000)
    world.run()

    assert world.only("nap").ended_at == START + 1000


def broken(*_):
    raise ZeroDivisionError


def test_a_run_does_not_begin_at_the_moment_at_which_it_is_too_late(world, kit):
    """Its slot comes free before the clock is looked at."""
    world.function("f", lambda _: kit.done(), concurrency=1, timeouts={"start": "1s"})
    for _ in range(2):
        world.send("t/f")
    world.simulation.now += 1000
    world.settle()

    assert [run.status for run in world.runs("f")] == [RunStatus.COMPLETED, RunStatus.CANCELLED]
    assert len(world.calls) == 1
