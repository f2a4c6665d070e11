"""Schedules fire when they should, also when the clock changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inngest_py.dev.cron import next_fire, parse_cron
from inngest_py.dev.simulation import START
from inngest_py.errors import ConfigError


def fires(text, after, times):
    at, found = round(datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp() * 1000), []
    for _ in range(times):
        at = next_fire(text, at) or 0
        found.append(datetime.fromtimestamp(at / 1000, UTC).strftime("%m-%d %H:%M"))
    return found


def test_it_is_utc_without_a_zone():
    assert fires("0 9 * * 1-5", "2026-01-02T09:00", 2) == ["01-05 09:00", "01-06 09:00"]


@pytest.mark.parametrize("prefix", ["TZ", "CRON_TZ"])
def test_it_counts_on_the_clock_of_its_zone(prefix):
    assert fires(f"{prefix}=Europe/Paris 0 9 * * *", "2026-03-28T00:00", 2) == ["03-28 08:00", "03-29 07:00"]


def test_an_hour_that_is_skipped_does_not_fire():
    schedule = "TZ=America/New_York 30 2 * * *"

    assert fires(schedule, "2026-03-07T00:00", 2) == ["03-07 07:30", "03-09 06:30"]


def test_an_hour_that_comes_twice_fires_twice():
    schedule = "TZ=America/New_York 30 1 * * *"

    assert fires(schedule, "2026-11-01T00:00", 3) == ["11-01 05:30", "11-01 06:30", "11-02 06:30"]


def test_it_fires_after_and_not_at_a_moment():
    minute = START + 60_000

    assert next_fire("* * * * *", minute) == minute + 60_000
    assert next_fire("* * * * *", minute - 1) == minute
    assert next_fire("* * * * *", minute + 1) == minute + 60_000


@pytest.mark.parametrize(
    "text", ["@daily", "* * * * * *", "* * *", "61 * * * *", "TZ=No/Where * * * * *", "0 0 30 2 *", "@every 1h"]
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ConfigError):
        parse_cron(text)


def test_a_function_runs_on_its_schedule(world, kit):
    world.function("tick", lambda call: kit.done(call.body["event"]), triggers=[{"cron": "*/5 * * * *"}])

    world.simulation.advance(11 * 60_000)
    world.settle()

    assert len(world.runs("tick")) == 2
    event = world.calls[0].body["event"]
    assert (event["name"], event["id"], event["ts"]) == (
        "inngest/scheduled.timer",
        "2026-01-01T00:05:00Z",
        START + 5 * 60_000,
    )
    assert event["data"]["cron"] == "*/5 * * * *"


def test_jitter_delays_within_its_limit(world, kit):
    world.function("tick", lambda _: kit.done(), triggers=[{"cron": "0 * * * *", "jitter": "2m"}])

    world.simulation.advance()

    assert 3_600_000 <= world.simulation.now - START < 3_600_000 + 120_000
    assert len(world.runs("tick")) == 1


def test_missed_times_are_not_made_up_for(world, kit):
    world.function("tick", lambda _: kit.done(), triggers=[{"cron": "* * * * *"}])

    world.simulation.now += 3_600_000
    world.simulation.restart()
    world.simulation.advance(60_000)

    assert len(world.runs("tick")) == 1


def test_a_schedule_that_was_removed_does_not_fire(world, kit):
    world.function("tick", lambda _: kit.done(), triggers=[{"cron": "* * * * *"}])
    world.function("tick", lambda _: kit.done(), triggers=[{"event": "t/tick"}])

    world.simulation.advance(600_000)

    assert world.runs("tick") == []


@pytest.mark.parametrize(("jitter", "ticks"), [({}, [1, 61, 62]), ({"jitter": "30s"}, [1, 60, 61, 62])])
def test_of_the_ticks_that_a_sleeping_machine_missed_one_comes_late_and_then_what_is_due(world, kit, jitter, ticks):
    """And with jitter the one that may still be on its way."""
    world.function("tick", lambda _: kit.done(), triggers=[{"cron": "* * * * *", **jitter}])

    world.simulation.now += 3_600_500
    world.simulation.advance(150_000)

    events = [world.simulation.store.event(run.events[0]) for run in world.runs("tick")]
    assert [(event.ts - START) // 60_000 for event in events] == ticks


def test_the_first_tick_after_a_restart_is_the_next_that_is_due(world, kit):
    world.function("tick", lambda call: kit.done(call.body["event"]["id"]), triggers=[{"cron": "*/10 * * * *"}])

    world.simulation.now += 25 * 60_000
    world.simulation.restart()
    world.simulation.advance(4 * 60_000)
    before = world.runs("tick")
    world.simulation.advance(2 * 60_000)
    world.settle()

    assert before == []
    assert world.output("tick") == "2026-01-01T00:30:00Z"


def test_a_tick_comes_once_however_often_an_app_registers(world, kit):
    for number in range(3):
        world.function("tick", lambda _: kit.done(), triggers=[{"cron": "* * * * *"}], name=f"tick {number}")
        world.simulation.advance(20_000)

    world.simulation.advance(120_000)

    assert len(world.runs("tick")) == 3
