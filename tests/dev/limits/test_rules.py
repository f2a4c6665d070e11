"""The finer points of each rule, which are easy to get wrong and hard to see."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.duration import MINUTE
from inngest_py.dev.flow import Batch
from inngest_py.dev.limits import batch
from inngest_py.dev.limits.keys import key_text
from inngest_py.dev.limits.priority import FURTHEST, offset
from inngest_py.dev.model import Event, RunStatus
from inngest_py.dev.notices import RunSkipped
from inngest_py.dev.simulation import START


def skipped(world):
    return [notice.reason for notice in world.simulation.told(RunSkipped)]


# Debounce ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("second", "kept"), [(-1, "first"), (0, "second"), (1, "second")])
def test_a_debounce_keeps_the_event_with_the_later_ts_and_of_equal_ones_the_last(world, kit, second, kept):
    world.function("f", lambda call: kit.done(call.data["name"]), debounce={"period": "10s"})

    world.send("t/f", {"name": "first"}, ts=START)
    world.simulation.advance(5000)
    world.send("t/f", {"name": "second"}, ts=START + second)
    world.run()

    assert world.output("f") == kept
    assert world.only("f").created_at == START + 15_000, "an older event moves the deadline too"


# Batches -------------------------------------------------------------------------------------------------------------


def collected(held, size):
    event = Event(id="e", name="a", ts=0, received_at=0, data="x" * size)
    return batch.collect(Batch(100, 1000), ("f", ""), held, event, 0)


def test_a_batch_is_full_at_ten_mebibytes():
    held = collected(None, 10 * 1024 * 1024 - 5)

    assert not batch.full(Batch(100, 1000), held)
    assert not batch.full(Batch(100, 1000), collected(held, 4))
    assert batch.full(Batch(100, 1000), collected(held, 5))


def test_large_events_do_not_wait_for_more_of_them(world, kit):
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents={"maxSize": 100, "timeout": "1h"})

    for _ in range(4):
        world.send("t/f", {"text": "x" * (5 * 1024 * 1024 // 2 + 100_000)})

    assert len(world.only("f").events) == 4


def test_an_event_that_comes_twice_within_half_an_hour_is_in_one_batch(world, kit):
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents={"maxSize": 2, "timeout": "1m"})

    world.send("t/f", id="same")
    world.simulation.advance(30 * MINUTE - 1)
    world.send("t/f", id="same")
    world.simulation.advance(1)
    world.send("t/f", id="same")
    world.run()

    assert [run.output for run in world.runs("f")] == ["1", "1"]


def test_two_events_with_one_id_in_one_request_are_one_in_the_batch(world, kit):
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents={"maxSize": 3, "timeout": "1m"})

    world.simulation.send(*({"name": "t/f", "id": name} for name in ("a", "a", "b", "a", "c")))

    assert len(world.only("f").events) == 3


def test_a_batch_may_start_as_late_as_it_must(world, kit):
    """A batch has no start timeout (PROTOCOL 14.8); its end has one."""
    rules = {"batchEvents": {"maxSize": 2, "timeout": "1m"}, "timeouts": {"start": "5s", "finish": "20s"}}
    nap = kit.ops(kit.op("Sleep", "s", name="1h"))
    world.function("f", lambda _: nap, concurrency={"limit": 1, "key": "'x'", "scope": "env"}, **rules)
    world.function("other", lambda _: kit.done(), concurrency={"limit": 1, "key": "'x'", "scope": "env"})
    world.send("t/other")
    world.send("t/f")
    world.send("t/f")

    world.simulation.advance(10_000)
    waiting = world.only("f").status
    world.run()

    assert waiting is RunStatus.QUEUED
    assert (world.only("f").status, world.only("f").ended_at) == (RunStatus.CANCELLED, START + 30_000)


# Idempotency ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "runs"), [((False, False), 2), ((None, None), 1), ((0, 0), 1), (("", ""), 1)])
def test_a_key_that_is_false_uses_up_nothing_and_any_other_does(world, kit, values, runs):
    world.function("f", lambda _: kit.done(), idempotency="event.data.key")

    for value in values:
        world.send("t/f", {"key": value})

    assert len(world.runs("f")) == runs


def test_idempotency_takes_the_place_of_a_rate_limit(world, kit):
    rules = {"idempotency": "event.data.order", "rateLimit": {"limit": 1, "period": "1m"}}
    world.function("f", lambda _: kit.done(), **rules)

    for order in (1, 2, 1):
        world.send("t/f", {"order": order})

    assert [event_data(world, run)["order"] for run in world.runs("f")] == [1, 2]
    assert skipped(world) == ["a duplicate"]


def test_the_first_event_of_a_key_counts_also_where_events_are_debounced(world, kit):
    """It is a rate limit, which comes before the debounce (PROTOCOL 3.3, 14)."""
    rules = {"idempotency": "event.data.order", "debounce": {"period": "5s"}}
    world.function("f", lambda call: kit.done(call.data["name"]), **rules)

    for name in ("first", "second"):
        world.send("t/f", {"order": 1, "name": name})
    world.run()

    assert world.output("f") == "first"


def test_a_key_is_used_up_also_by_an_event_that_a_singleton_skips(world, kit):
    nap = kit.ops(kit.op("Sleep", "s", name="1h"))
    world.function("f", lambda _: nap, idempotency="event.data.order", singleton={"mode": "skip"})

    for order in (1, 2, 2):
        world.send("t/f", {"order": order})

    assert skipped(world) == ["already running", "a duplicate"]


def test_an_event_with_an_id_that_started_nothing_may_come_again(world, kit):
    """The id is only used up when a run is made (PROTOCOL 14)."""
    world.function("f", lambda _: kit.done(), singleton={"mode": "skip"})
    world.send("t/f")
    world.send("t/f", id="mine")
    world.run()

    world.send("t/f", id="mine")
    world.send("t/f", id="mine")

    assert skipped(world) == ["already running", "a duplicate"]
    assert len(world.runs("f")) == 2


def event_data(world, run):
    return json.loads(world.simulation.store.event(run.events[0]).data)


# Rate limit ----------------------------------------------------------------------------------------------------------


def test_a_key_of_a_rate_limit_that_is_false_is_not_limited(world, kit):
    world.function("f", lambda _: kit.done(), rateLimit={"limit": 1, "period": "1m", "key": "event.data.k"})

    for key in (False, False, None, None):
        world.send("t/f", {"k": key})

    assert len(world.runs("f")) == 3


def test_an_event_that_is_rate_limited_does_not_move_a_debounce(world, kit):
    rules = {"rateLimit": {"limit": 1, "period": "1m"}, "debounce": {"period": "10s"}}
    world.function("f", lambda call: kit.done(call.data["n"]), **rules)

    for number in range(2):
        world.send("t/f", {"n": number})
        world.simulation.advance(5000)
    world.run()

    assert (world.output("f"), world.only("f").created_at) == (0, START + 10_000)
    assert skipped(world) == ["rate limited"]


# Priority ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("600", 600),
        ("601", 601),
        ("43200", 43_200),
        ("43201", 43_200),
        ("-43200", -43_200),
        ("-43201", -43_200),
        ("600.0", 0),
        ("true", 0),
        ("'600'", 0),
        ("event.data.missing", 0),
    ],
)
def test_a_priority_is_whole_seconds_up_to_half_a_day(expression, seconds):
    assert offset(expression, lambda: {"data": {}}, 0) == seconds * 1000
    assert FURTHEST == 43_200


# Singleton -----------------------------------------------------------------------------------------------------------


def test_a_singleton_whose_key_is_false_is_none(world, kit):
    world.function("f", lambda _: kit.done(), singleton={"mode": "skip", "key": "event.data.k"})

    for key in (False, False, None, None):
        world.send("t/f", {"k": key})

    assert len(world.runs("f")) == 3


# Keys ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("", ""),
        ("event.data.s", "x"),
        ("event.data.n", "5"),
        ("event.data.missing", "null"),
        ("event.data.t", "true"),
        ("[event.data.n, event.data.s, null]", '[5,"x",null]'),
        ("{'a': {1: event.data.t}}", '{"a":{"1":true}}'),
        ("[timestamp('2026-01-01T00:00:00Z')]", '["2026-01-01T00:00:00Z"]'),
        ("[b64decode('aGk=')]", '["hi"]'),
        ("[1e999]", '["inf"]'),
        ("timestamp('2026-01-01T00:00:00Z')", "2026-01-01T00:00:00Z"),
    ],
)
def test_every_value_is_a_key(expression, text):
    event = {"data": {"s": "x", "n": 5.0, "t": True}}

    assert key_text(expression, lambda: event, 0) == text
