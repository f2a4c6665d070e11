"""Flow control does what the real server was measured to do."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.flow import RateLimit, Throttle
from inngest_py.dev.limits.ratelimit import admit
from inngest_py.dev.limits.throttle import start_at
from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import RunSkipped
from inngest_py.dev.simulation import START


def in_flight(world):
    return len(world.simulation.calls)


def test_no_more_calls_are_in_flight_than_allowed(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=2)

    for _ in range(5):
        world.send("t/f")

    assert in_flight(world) == 2
    world.run()
    assert {run.status for run in world.runs()} == {RunStatus.COMPLETED}


def test_each_key_has_its_own_limit(world, kit):
    world.function("f", lambda _: kit.done(), concurrency={"limit": 1, "key": "event.data.user"})

    for user in ("a", "a", "b", "b", "c"):
        world.send("t/f", {"user": user})

    assert in_flight(world) == 3


def test_two_limits_hold_at_a_time(world, kit):
    limits = [{"limit": 3}, {"limit": 2, "key": "event.data.user"}]
    world.function("f", lambda _: kit.done(), concurrency=limits)

    for user in "aaabbb":
        world.send("t/f", {"user": user})

    assert in_flight(world) == 3


def test_of_two_limits_to_the_same_counter_the_lower_one_holds(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=[{"limit": 2}, {"limit": 4}])
    for _ in range(5):
        world.send("t/f")

    assert in_flight(world) == 2


def test_a_limit_of_runs_is_held_from_the_start_of_a_run_to_its_end(world, kit):
    world.function("f", napper(kit), concurrency={"fn": [{"limit": 1}]})
    for number in range(3):
        world.send("t/f", {"n": number})
        world.settle()
        world.simulation.advance(1)

    during = [run.status for run in world.runs()]
    world.run()

    assert during == [RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.QUEUED]
    assert [(run.started_at - START) // 60_000 for run in world.runs()] == [0, 10, 20]
    assert not any(world.simulation.state.queue.used(name) for name in ("run:fn:f", "fn:f"))


def test_a_limit_of_runs_counts_by_key_and_goes_with_one_of_calls(world, kit):
    rules = {"fn": [{"limit": 1, "key": "event.data.k"}], "step": [{"limit": 2}]}
    world.function("f", napper(kit), concurrency=rules)

    for key in "aabc":
        world.send("t/f", {"k": key})

    assert in_flight(world) == 2
    world.settle()
    assert [run.status for run in world.runs()].count(RunStatus.RUNNING) == 3


@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_a_limit_of_runs_is_free_again_however_a_run_ends(world, kit, end):
    replies = {"cancel": napper(kit), "fail": lambda _: kit.failure()}
    world.function("f", replies[end], concurrency={"fn": [{"limit": 1}]}, retries=0, cancel=[{"event": "t/stop"}])
    world.send("t/f")
    world.send("t/f")
    world.settle()
    world.send("t/stop")

    world.run()

    assert world.simulation.state.queue.used("run:fn:f") == 0


def test_a_limit_of_runs_is_still_held_after_a_restart(world, kit):
    world.function("f", napper(kit), concurrency={"fn": [{"limit": 1}]})
    world.send("t/f")
    world.settle()
    world.send("t/f")

    world.simulation.restart()

    assert in_flight(world) == 0
    assert world.simulation.state.queue.used("run:fn:f") == 1
    world.run()
    assert {run.status for run in world.runs()} == {RunStatus.COMPLETED}


def napper(kit):
    """A function that sleeps for ten minutes."""
    return lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="10m"))


def test_functions_share_a_limit_of_the_environment(world, kit):
    shared = {"limit": 1, "key": "'db'", "scope": "env"}
    world.function("f", lambda _: kit.done(), concurrency=shared)
    world.function("g", lambda _: kit.done(), concurrency=shared)

    world.send("t/f")
    world.send("t/g")

    assert in_flight(world) == 1
    world.run()
    assert len(world.runs()) == 2


def test_a_run_that_sleeps_holds_no_slot(world, kit):
    world.function(
        "f", lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="1h")), concurrency=1
    )

    for _ in range(3):
        world.send("t/f")
    world.settle()

    assert len(world.calls) == 3


def test_a_crash_leaks_no_slot(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=1)
    world.send("t/f")
    world.send("t/f")

    world.simulation.restart()

    assert in_flight(world) == 1
    world.run()
    assert len(world.calls) == 2


def test_a_priority_overtakes_in_the_queue(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=1, priority={"run": "int(event.data.p)"})

    for number, priority in enumerate([0, 0, 60]):
        world.send("t/f", {"n": number, "p": priority})
    world.run()

    assert [call.data["n"] for call in world.calls] == [0, 2, 1]


def test_a_double_is_no_priority(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=1, priority={"run": "event.data.p"})

    for number, priority in enumerate([0, 0, 60]):
        world.send("t/f", {"n": number, "p": priority})
    world.run()

    assert [call.data["n"] for call in world.calls] == [0, 1, 2]


@pytest.mark.parametrize(("limit", "admitted"), [(5, 1), (10, 2), (20, 3)])
def test_a_rate_limit_admits_at_once_what_was_measured(limit, admitted):
    rule, tat, count = RateLimit(limit, 60_000), None, 0
    for _ in range(25):
        new = admit(rule, tat, 0)
        count, tat = (count + 1, new) if new is not None else (count, tat)

    assert count == admitted
    assert admit(rule, tat, 60_000 // limit) is not None


def test_what_exceeds_a_rate_limit_is_dropped_and_told(world, kit):
    world.function("f", lambda _: kit.done(), rateLimit={"limit": 1, "period": "1m", "key": "event.data.k"})

    for key in ("a", "a", "b"):
        world.send("t/f", {"k": key})

    assert len(world.runs("f")) == 2
    assert [notice.reason for notice in world.simulation.told(RunSkipped)] == ["rate limited"]


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        (Throttle(2, 4000), [0, 0, 2000, 4000]),
        (Throttle(2, 4000, burst=2), [0, 0, 0, 0]),
        (Throttle(1, 1000, burst=1), [0, 0, 1000, 2000]),
    ],
)
def test_a_throttle_delays_what_exceeds_it(rule, starts):
    tat, found = None, []
    for _ in range(4):
        at, tat = start_at(rule, tat, 0)
        found.append(at)

    assert found == starts


def test_throttled_runs_all_run(world, kit):
    world.function("f", lambda _: kit.done(), throttle={"limit": 1, "period": "10s"})

    for _ in range(3):
        world.send("t/f")
    world.run()

    assert len(world.calls) == 3
    assert world.simulation.now == START + 20_000


def test_a_debounced_function_runs_once_with_the_last_event(world, kit):
    world.function("f", lambda call: kit.done(call.data["n"]), debounce={"period": "10s"})

    for number in range(3):
        world.send("t/f", {"n": number})
        world.simulation.advance(5000)
    world.run()

    assert world.output("f") == 2
    assert world.only("f").created_at == START + 20_000


def test_a_debounce_has_an_end(world, kit):
    world.function("f", lambda _: kit.done(), debounce={"period": "10s", "timeout": "12s"})

    for _ in range(4):
        world.send("t/f")
        world.simulation.advance(5000)

    assert world.runs("f")[0].created_at == START + 12_000


def test_a_debounce_outlives_a_crash(world, kit):
    world.function("f", lambda call: kit.done(call.data["n"]), debounce={"period": "10s"})
    world.send("t/f", {"n": 1})

    world.simulation.restart()
    world.run()

    assert world.output("f") == 1


def test_throttled_runs_that_were_due_while_the_server_was_down_do_not_start_all_at_once(world, kit):
    world.function("f", lambda _: kit.done(), throttle={"limit": 1, "period": "10s"})
    for _ in range(4):
        world.send("t/f")
    world.settle()

    world.simulation.now += 35_000
    world.simulation.restart()
    world.run()

    starts = sorted((run.started_at or 0) - START for run in world.runs("f"))
    assert starts == [0, 35_000, 45_000, 55_000]


def test_a_throttle_counts_a_run_that_starts_just_when_it_would_be_forgotten(world, kit):
    rules = {"throttle": {"limit": 1, "period": "5s"}, "debounce": {"period": "5s", "key": "event.data.k"}}
    world.function("f", lambda _: kit.done(), **rules)
    world.send("t/f", {"k": 1})
    world.simulation.advance(5000)
    world.send("t/f", {"k": 2})
    world.simulation.advance(2000)
    world.send("t/f", {"k": 3})
    world.run()

    assert [(run.started_at or 0) - START for run in world.runs("f")] == [5000, 10_000, 15_000]


def test_an_event_that_is_sent_again_is_in_no_second_batch(world, kit):
    rule = {"maxSize": 2, "timeout": "5s"}
    world.function("f", lambda call: kit.done([event["data"] for event in call.body["events"]]), batchEvents=rule)

    for name in ("a", "a", "b", "a", "c"):
        world.send("t/f", {"name": name}, id=name)
    world.run()

    assert [json.loads(run.output or "") for run in world.runs("f")] == [
        [{"name": "a"}, {"name": "b"}],
        [{"name": "c"}],
    ]


def test_a_full_batch_runs_at_once_and_another_when_its_time_is_up(world, kit):
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents={"maxSize": 3, "timeout": "5s"})

    for number in range(4):
        world.send("t/f", {"n": number})
    world.run()

    first, second = world.runs("f")
    assert (first.output, first.created_at) == ("3", START)
    assert (second.output, second.created_at) == ("1", START + 5000)


def test_batches_are_kept_apart_by_key_and_condition(world, kit):
    rule = {"maxSize": 2, "timeout": "5s", "key": "event.data.k", "if": "event.data.k != 'alone'"}
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents=rule)

    for key in ("a", "b", "a", "alone"):
        world.send("t/f", {"k": key})
    world.run()

    assert sorted(run.output for run in world.runs("f")) == ["1", "1", "2"]


def test_a_singleton_skips_what_comes_while_it_runs(world, kit):
    world.function("f", lambda _: kit.done(), singleton={"mode": "skip", "key": "event.data.k"})

    for key in ("a", "a", "b"):
        world.send("t/f", {"k": key})
    world.run()
    world.send("t/f", {"k": "a"})

    assert len(world.runs("f")) == 3


def test_a_singleton_may_cancel_what_runs(world, kit):
    world.function("f", lambda _: kit.done(), singleton={"mode": "cancel"})

    for _ in range(3):
        world.simulation.advance(1)
        world.send("t/f")
    world.run()

    assert [run.status.value for run in world.runs("f")] == ["Cancelled", "Cancelled", "Completed"]


def test_an_event_id_starts_a_function_once_a_day(world, kit):
    world.function("f", lambda _: kit.done())

    for _ in range(2):
        world.send("t/f", id="same")
        world.run()
    assert len(world.runs("f")) == 1

    world.simulation.advance(24 * 3600 * 1000)
    world.send("t/f", id="same")
    assert len(world.runs("f")) == 2


def test_a_repeated_send_starts_nothing_twice(world, kit):
    world.function("f", lambda _: kit.done())

    for _ in range(2):
        world.simulation.send({"name": "t/f"}, {"name": "t/f"}, seed="1767225600000,MDEyMzQ1Njc4OQ==")
        world.simulation.restart()

    assert len(world.runs("f")) == 2


def test_an_idempotency_key_counts_once_a_day(world, kit):
    world.function("f", lambda _: kit.done(), idempotency="event.data.order")

    for order in (1, 1, 2):
        world.send("t/f", {"order": order})

    assert len(world.runs("f")) == 2


def sleeper(kit):
    return lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="1h"))


def test_an_event_cancels_the_runs_that_it_fits(world, kit):
    rule = {"event": "t/stop", "if": "async.data.k == event.data.k"}
    world.function("f", sleeper(kit), cancel=[rule])
    world.send("t/f", {"k": 1})
    world.simulation.advance(1)
    world.send("t/f", {"k": 2})
    world.settle()

    world.send("t/stop", {"k": 1})
    world.run()

    assert [run.status.value for run in world.runs("f")] == ["Cancelled", "Completed"]


def test_cancelling_has_an_end(world, kit):
    world.function("f", sleeper(kit), cancel=[{"event": "t/stop", "timeout": "1s"}])
    world.send("t/f")
    world.settle()

    world.simulation.advance(2500)
    world.send("t/stop")
    world.run()

    assert world.only("f").status is RunStatus.COMPLETED


def test_a_run_that_does_not_start_in_time_is_cancelled(world, kit):
    world.function("f", lambda _: kit.done(), concurrency=1, timeouts={"start": "2s"})
    world.send("t/f")
    world.send("t/f")

    world.simulation.advance(3000)

    assert sorted(run.status.value for run in world.runs("f")) == ["Cancelled", "Running"]


def test_a_run_that_does_not_end_in_time_is_cancelled(world, kit):
    world.function("f", sleeper(kit), timeouts={"finish": "3s"})
    world.send("t/f")
    world.run()

    run = world.only("f")
    assert (run.status, run.ended_at) == (RunStatus.CANCELLED, START + 3000)


def test_the_time_to_start_counts_from_the_creation_of_a_run_also_if_its_event_is_of_the_future(world, kit):
    world.function("f", lambda _: kit.done(), timeouts={"start": "5s"})
    world.send("t/f", ts=START + 4000)
    world.send("t/f", ts=START + 6000)
    world.run()

    soon, late = world.runs("f")
    assert (soon.status, soon.started_at) == (RunStatus.COMPLETED, START + 4000)
    assert (late.status, late.started_at, late.ended_at) == (RunStatus.CANCELLED, None, START + 5000)


def test_an_event_of_the_future_runs_then(world, kit):
    world.function("f", lambda _: kit.done())

    world.send("t/f", ts=START + 4000)
    world.run()

    assert world.only("f").started_at == START + 4000


@pytest.mark.parametrize(
    ("trigger", "event", "starts"),
    [
        ("wild/*", "wild/a", True),
        ("wild/*", "wild/a.b/c", True),
        ("wild/*", "wild", False),
        ("wild/a.*", "wild/a.b.c", True),
        ("wild/a.*", "wild/b", False),
        ("*", "wild", False),
    ],
)
def test_a_star_stands_for_the_rest_of_a_name(world, kit, trigger, event, starts):
    world.function("f", lambda _: kit.done(), event=trigger)

    world.send(event)

    assert bool(world.runs("f")) is starts


def test_a_function_with_several_fitting_triggers_runs_once(world, kit):
    triggers = [{"event": "a/b"}, {"event": "a/*"}, {"event": "a/b", "expression": "event.data.x == 1"}]
    world.function("f", lambda _: kit.done(), triggers=triggers)

    world.send("a/b", {"x": 1})

    assert len(world.runs("f")) == 1
