"""What holds an event back, and who is told when nothing comes of it."""

from __future__ import annotations

import pytest

from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import RunQueued, RunSkipped
from inngest_py.dev.simulation import START
from inngest_py.wire.http import Request

DEBOUNCE = {"debounce": {"period": "10s"}}
BATCH = {"batchEvents": {"maxSize": 2, "timeout": "10s"}}


def parent(kit, target="child"):
    """A function that invokes another, and returns its result, or the message of its error."""

    def reply(call):
        if not call.steps:
            opts = {"function_id": target, "payload": {"data": {"n": call.data.get("n")}}}
            return kit.ops(kit.op("InvokeFunction", "i", opts=opts))
        memo = call.memo("i")
        return kit.done(memo["error"]["message"] if "error" in memo else memo["data"])

    return reply


def sleeper(kit):
    return lambda call: kit.done("slept") if call.steps else kit.ops(kit.op("Sleep", "s", name="1h"))


def outputs(world, slug):
    return [run.output for run in world.runs(slug)]


def test_whoever_invokes_a_debounced_function_that_runs_already_is_told_when_that_shows(world, kit):
    world.function("parent", parent(kit))
    world.function("child", sleeper(kit), singleton={"mode": "skip"}, **DEBOUNCE)
    world.send("t/child")
    world.simulation.advance(10_000)
    world.settle()

    world.send("t/parent")
    world.run(until=START + 60_000)

    assert world.only("parent").output == '"invoked function is already running"'
    assert world.only("parent").ended_at == START + 20_000
    assert [notice.reason for notice in world.simulation.told(RunSkipped)] == ["already running"]


@pytest.mark.parametrize("rule", [DEBOUNCE, BATCH], ids=["debounce", "batch"])
def test_whoever_invokes_a_function_that_is_gone_before_it_starts_is_told(world, kit, rule):
    world.function("parent", parent(kit))
    configs = dict(world._configs)
    world.function("child", lambda _: kit.done(), **rule)
    world.send("t/parent")
    world.settle()

    world.simulation.register(kit.registration(*configs.values()))
    world.run()

    assert world.only("parent").output == '"invoked function is no longer registered"'
    assert world.runs("child") == []
    assert [notice.reason for notice in world.simulation.told(RunSkipped)] == ["no longer registered"]


def test_whoever_invokes_a_debounced_function_is_told_when_a_newer_event_takes_its_place(world, kit):
    world.function("parent", parent(kit))
    world.function("child", lambda call: kit.done(call.data["n"]), **DEBOUNCE)

    for number in (1, 2):
        world.send("t/parent", {"n": number})
        world.settle()
        world.simulation.advance(1000)
    world.run()

    assert outputs(world, "parent") == ['"invoked function is debounced: a newer event took its place"', "2"]


def test_whoever_invokes_a_debounced_function_that_holds_a_newer_event_is_told_at_once(world, kit):
    world.function("parent", parent(kit))
    world.function("child", lambda _: kit.done(), **DEBOUNCE)

    world.send("t/child", ts=START + 5000)
    world.send("t/parent")
    world.settle()

    assert world.only("parent").output == '"invoked function is debounced: a newer event took its place"'


def test_whoever_invokes_a_throttled_function_that_does_not_start_in_time_is_told(world, kit):
    rules = {"throttle": {"limit": 1, "period": "1h"}, "timeouts": {"start": "5s"}}
    world.function("parent", parent(kit))
    world.function("child", lambda _: kit.done("ran"), **rules)

    for _ in range(2):
        world.send("t/parent")
    world.run()

    assert sorted(outputs(world, "parent")) == ['"ran"', '"the invoked function was cancelled"']
    assert world.simulation.now == START + 5000


def test_whoever_invokes_a_batched_function_gets_the_result_of_the_batch(world, kit):
    world.function("parent", parent(kit))
    world.function("child", lambda call: kit.done(len(call.body["events"])), **BATCH)

    for _ in range(3):
        world.send("t/parent")
    world.run()

    assert outputs(world, "parent") == ["2", "2", "1"]


@pytest.mark.parametrize("rule", [{}, DEBOUNCE, BATCH], ids=["plain", "debounce", "batch"])
def test_a_listener_to_invocations_does_not_answer_them(world, kit, rule):
    """Whatever holds the listener's events back, and however late the function that was meant comes."""
    world.function("parent", parent(kit))
    world.function("child", sleeper(kit))
    world.function("listener", lambda _: kit.done("not mine"), event="inngest/function.invoked", **rule)

    world.send("t/parent")
    world.run()

    assert world.only("listener").ended_at < world.only("child").ended_at
    assert world.only("parent").output == '"slept"'
    assert world.only("listener").correlation == "", "so that its events name no invocation either"


# Throttle ------------------------------------------------------------------------------------------------------------


def starts(world, slug="f"):
    return sorted((run.started_at - START) // 1000 for run in world.runs(slug) if run.started_at is not None)


def test_throttled_runs_that_waited_for_a_slot_do_not_start_together(world, kit):
    """The throttle counts starts when they happen (PROTOCOL 14: it acts when an item is dequeued)."""
    world.function("f", lambda _: kit.done(), concurrency=1, throttle={"limit": 1, "period": "10s"})
    for _ in range(4):
        world.send("t/f")

    world.simulation.advance(35_000)
    world.run()

    assert starts(world) == [0, 35, 45, 55]


def test_a_run_that_waits_for_a_slot_uses_up_no_start(world, kit):
    """Runs of one key do not start; those of another are not slowed down by them."""
    limits = [{"limit": 1, "key": "event.data.k"}]
    world.function("f", lambda _: kit.done(), concurrency=limits, throttle={"limit": 1, "period": "10s"})
    for key in "aaaab":
        world.send("t/f", {"k": key})

    world.simulation.advance(10_000)

    assert starts(world) == [0, 10]
    assert [call.job_id for call in world.simulation.calls]


def test_a_throttle_lets_the_oldest_through_first_and_a_priority_before_them(world, kit):
    rules = {"throttle": {"limit": 1, "period": "10s"}, "priority": {"run": "int(event.data.p)"}}
    world.function("f", lambda _: kit.done(), **rules)

    world.simulation.send(*({"name": "t/f", "data": {"n": n, "p": 60 if n == 3 else 0}} for n in range(5)))
    world.run()

    assert [call.data["n"] for call in world.calls] == [3, 0, 1, 2, 4]
    assert starts(world) == [0, 10, 20, 30, 40]


def test_each_key_of_a_throttle_has_its_own_gate(world, kit):
    world.function("f", lambda _: kit.done(), throttle={"limit": 1, "period": "10s", "key": "event.data.k"})

    for key in "abab":
        world.send("t/f", {"k": key})
    world.run()

    assert starts(world) == [0, 0, 10, 10]


def test_a_throttle_that_was_taken_away_holds_nobody_longer_than_it_said(world, kit):
    world.function("f", lambda _: kit.done(), throttle={"limit": 1, "period": "10s"})
    for _ in range(3):
        world.send("t/f")

    world.function("f", lambda _: kit.done())
    world.run()

    assert starts(world) == [0, 10, 10]


def test_it_is_said_when_a_throttled_run_will_start(world, kit):
    world.function("f", lambda _: kit.done(), throttle={"limit": 1, "period": "10s", "burst": 1})

    for _ in range(4):
        world.send("t/f")

    assert [notice.starts_at - START for notice in world.simulation.told(RunQueued)] == [0, 0, 10_000, 20_000]


def test_the_first_calls_that_are_made_again_pass_no_gate_again(world, kit):
    failing = [kit.failure(), kit.done("at last")]
    world.function("f", lambda call: failing[call.ctx["attempt"]], throttle={"limit": 1, "period": "1h"})

    world.send("t/f")
    world.run()

    assert world.only("f").status is RunStatus.COMPLETED
    assert world.simulation.now == START + 1000


# Order ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_flight", [0, 1])
def test_runs_of_events_that_were_sent_together_start_in_their_order_also_after_a_restart(world, kit, in_flight):
    limit = {"concurrency": {"limit": 1, "key": "'x'", "scope": "env"}}
    world.function("f", lambda _: kit.done(), **limit)
    world.function("other", lambda _: kit.done(), **limit)
    if not in_flight:
        world.send("t/other")
    world.simulation.send(*({"name": "t/f", "data": {"n": number}} for number in range(8)))

    world.simulation.restart()
    world.run()

    assert [call.data["n"] for call in world.calls if "n" in call.data] == list(range(8))


def test_steps_that_were_planned_together_run_in_their_order_also_after_a_restart(world, kit):
    names = [f"step {number}" for number in range(8)]

    def reply(call):
        if call.target != "step":
            return kit.ops(kit.op("StepRun", next(name for name in names if kit.hashed(name) == call.target), data=1))
        return kit.done() if call.steps else kit.ops(*(kit.op("StepPlanned", name) for name in names))

    world.function("f", reply, concurrency={"limit": 1, "key": "'x'", "scope": "env"})
    world.function("other", lambda _: kit.done(), concurrency={"limit": 1, "key": "'x'", "scope": "env"})
    world.send("t/f")
    world.simulation.advance(1)
    world.send("t/other")
    (call,) = world.simulation.calls
    world.simulation.answer(call, reply_of(world, call))

    world.simulation.restart()
    world.run()

    assert [target for target in world.targets()[1:9] if target != "step"] == [kit.hashed(name) for name in names]


def reply_of(world, call):
    return world.app(Request.of("POST", call.url, call.headers.items(), call.body))


# What is held back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True], ids=["one life", "two lives"])
def test_one_event_may_be_held_back_for_several_functions(world, kit, restart):
    world.function("batched", counted(kit), "t/x", batchEvents={"maxSize": 5, "timeout": "30s"})
    world.function("debounced", counted(kit), "t/x", **DEBOUNCE)
    for _ in range(2):
        world.send("t/x")
    if restart:
        world.simulation.restart()

    world.simulation.advance(15_000)
    world.settle()
    world.send("t/x")
    world.run()

    assert (outputs(world, "batched"), outputs(world, "debounced")) == (["3"], ["1", "1"])


@pytest.mark.parametrize(
    ("before", "after", "first"), [(BATCH, DEBOUNCE, "3"), (DEBOUNCE, BATCH, "1")], ids=["batch", "debounce"]
)
def test_what_is_held_back_starts_when_the_next_event_finds_another_rule(world, kit, before, after, first):
    before = {**before, "batchEvents": {"maxSize": 9, "timeout": "10s"}} if before is BATCH else before
    world.function("f", counted(kit), **before)
    for _ in range(3):
        world.send("t/f")

    world.function("f", counted(kit), **after)
    world.send("t/f")
    world.run()

    assert outputs(world, "f") == [first, "1"]
    assert [bool(run.batch_id) for run in world.runs("f")] == [before is not DEBOUNCE, after is BATCH]


def test_a_batch_is_not_cancelled_by_a_rule_that_its_function_got_while_it_was_collected(world, kit):
    world.function("f", lambda _: kit.done(), batchEvents={"maxSize": 9, "timeout": "10s"})
    world.send("t/f")
    world.function("f", lambda _: kit.done(), cancel=[{"event": "t/stop"}], timeouts={"start": "1s"})
    world.simulation.advance(10_000)

    world.send("t/stop")
    world.simulation.advance(2000)
    world.run()

    assert world.only("f").batch_id
    assert world.only("f").status is RunStatus.COMPLETED


def test_a_singleton_that_invokes_itself_gives_way_to_that_run(world, kit):
    def reply(call):
        if call.data.get("n"):
            return kit.done("inner")
        return kit.ops(kit.op("InvokeFunction", "i", opts={"function_id": "f", "payload": {"data": {"n": 1}}}))

    world.function("f", reply, singleton={"mode": "cancel"})
    world.send("t/f")
    world.run()

    assert [run.status for run in world.runs("f")] == [RunStatus.CANCELLED, RunStatus.COMPLETED]
    assert world.simulation.state.pauses == {}


def counted(kit):
    return lambda call: kit.done(len(call.body["events"]))
