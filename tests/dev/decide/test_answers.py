"""Answers that are rare, odd or wrong, and what comes of them."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.decisions import Drop
from inngest_py.dev.happenings import Checkpointed
from inngest_py.dev.model import App, RunStatus
from inngest_py.dev.reply import FetchReply, read_ops
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import START
from inngest_py.dev.state import State


def answering(kit, *replies):
    """A function that gives these answers, one after the other, and then returns what is stored of its steps."""
    left = list(replies)
    return lambda call: left.pop(0) if left else kit.done(call.steps)


def test_a_step_may_come_in_its_stored_form(world, kit):
    world.function("f", answering(kit, kit.ops(kit.op("Step", "a", data={"error": {"message": "no"}}))))
    world.send("t/f")
    world.run()

    assert list(world.output("f").values()) == [{"error": {"message": "no"}}]


def test_a_step_that_is_reported_again_keeps_its_first_result(world, kit):
    again = [kit.ops(kit.op("StepRun", "a", data=number)) for number in (1, 2)]
    world.function("f", answering(kit, *again))
    world.send("t/f")
    world.run()

    assert list(world.output("f").values()) == [{"data": 1}]


def test_an_app_may_say_that_there_is_nothing_and_is_asked_again(world, kit):
    world.function("f", answering(kit, kit.ops({"op": "None"}), kit.ops(kit.op("DiscoveryRequest", "d"))))
    world.send("t/f")
    world.run()

    assert len(world.calls) == 3
    assert world.only("f").status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("error", "memo"),
    [
        (None, {"error": None}),
        ({"name": "E", "message": "m", "code": "x"}, {"error": {"name": "E", "message": "m", "noRetry": True}}),
    ],
)
def test_of_an_error_what_is_known_is_kept(world, kit, error, memo):
    world.function("f", answering(kit, kit.ops(kit.op("StepFailed", "a", error=error), x_inngest_no_retry="true")))
    world.send("t/f")
    world.run()

    assert list(world.output("f").values()) == [memo]


@pytest.mark.parametrize(
    ("op", "name"),
    [
        ({"op": "Sleep", "name": "soon"}, "InvalidDuration"),
        ({"op": "Sleep", "name": "400d"}, "InngestErrTimeoutTooLong"),
        ({"op": "WaitForEvent", "name": "t/x", "opts": {"timeout": "soon"}}, "InvalidDuration"),
        ({"op": "WaitForSignal", "opts": {"signal": "s", "timeout": "400d"}}, "InngestErrTimeoutTooLong"),
        ({"op": "InvokeFunction", "opts": {"function_id": "f", "timeout": "soon"}}, "InvalidDuration"),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else value,
)
def test_a_time_that_cannot_be_fails_the_run_at_once(world, kit, op, name):
    world.function("f", answering(kit, kit.ops({"id": kit.hashed("a"), "displayName": "a", **op})))
    world.send("t/f")
    world.run()

    assert json.loads(world.only("f").error or "")["name"] == name
    assert len(world.calls) == 1


@pytest.mark.parametrize(
    "op",
    [
        {"op": "Sleep", "name": "2020-01-01T00:00:00Z"},
        {"op": "Sleep", "name": ""},
        {"op": "WaitForEvent", "name": "t/x"},
        {"op": "WaitForSignal", "opts": {"signal": "s", "timeout": "2020-01-01T00:00:00Z"}},
    ],
    ids=["past", "no time", "event", "signal"],
)
def test_a_wait_that_is_over_already_ends_at_once_with_null(world, kit, op):
    world.function("f", answering(kit, kit.ops({"id": kit.hashed("a"), "displayName": "a", **op})))
    world.send("t/f")
    world.run()

    assert list(world.output("f").values()) == [None]
    assert world.simulation.now == START


def test_a_step_that_is_planned_or_waited_for_already_is_not_taken_up_twice(world, kit):
    found = [kit.op("StepPlanned", "a", opts={"parallelMode": "race"}), kit.op("Sleep", "s", name="1h")]

    def reply(call):
        if call.target != "step":
            return kit.ops(kit.op("StepRun", "a", data=1))
        return kit.ops(*found) if len(call.steps) < 2 else kit.done()

    world.function("f", reply)
    world.send("t/f")
    world.run()

    assert world.targets().count(kit.hashed("a")) == 1
    assert world.only("f").ended_at == START + 3_600_000


def test_a_run_that_is_cancelled_by_the_event_that_it_waits_for_is_cancelled(world, kit):
    wait = kit.ops(kit.op("WaitForEvent", "w", name="t/stop", opts={"timeout": "1h"}))
    world.function("f", answering(kit, wait), cancel=[{"event": "t/stop"}])
    world.send("t/f")
    world.settle()
    world.send("t/stop")

    assert world.only("f").status is RunStatus.CANCELLED


def test_a_trigger_whose_condition_does_not_hold_starts_nothing(world, kit):
    triggers = [{"event": "t/f", "expression": f"event.data.n == {number}"} for number in (1, 2)]
    world.function("f", answering(kit), triggers=triggers)

    for number in range(4):
        world.send("t/f", {"n": number})

    assert len(world.runs("f")) == 2


def test_of_several_triggers_any_that_fits_starts_a_function_and_no_other(world, kit):
    triggers = [
        {"event": "t/*", "expression": "event.data.n == 1"},
        {"event": "t/f", "expression": "event.data.n == 2"},
    ]
    world.function("f", answering(kit), triggers=triggers)

    for name, number in (("t/f", 1), ("t/f", 2), ("t/g", 1), ("t/g", 2), ("t/f", 3)):
        world.send(name, {"n": number})

    assert len(world.runs("f")) == 3


def test_a_run_that_gets_its_slot_too_late_is_cancelled_and_not_started(world, kit):
    world.function("f", answering(kit), concurrency=1, timeouts={"start": "2s"})
    for _ in range(2):
        world.send("t/f")

    world.simulation.now += 3000  # and nobody has looked at the timers yet
    world.settle()

    assert [run.status for run in world.runs("f")] == [RunStatus.COMPLETED, RunStatus.CANCELLED]
    assert len(world.calls) == 1


def test_what_is_saved_after_a_run_has_ended_for_its_size_is_not_taken(kit, world):
    world = world.make(Rules(max_state=20))
    world.function("f", answering(kit))
    world.send("t/f")
    run = world.only("f")
    planned, large, late = (
        kit.op(code, name, data="x" * 30) for code, name in (("StepPlanned", "p"), ("StepRun", "a"), ("StepRun", "b"))
    )

    assert world.simulation.happen(Checkpointed(run.id, "", read_ops([planned, large, late]))) == ""

    assert [step.name for step in world.simulation.steps(run.id)] == ["a"]
    assert world.only("f").status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("answer", "memo"),
    [
        (FetchReply("http://ai.test", 200, {}, b"no JSON"), {"data": "no JSON"}),
        (FetchReply("http://ai.test", 200, {}, b'{"a":1}'), {"data": {"a": 1}}),
        (
            FetchReply("http://ai.test", fault="gone"),
            {"error": {"name": "AIGatewayError", "message": "Error making AI request: gone"}},
        ),
    ],
    ids=["text", "object", "nobody"],
)
def test_what_a_model_answers_is_the_result(world, kit, answer, memo):
    asking = kit.ops(kit.op("AIGateway", "ai", opts={"url": "http://ai.test", "body": {}}))
    world.function("f", answering(kit, asking), retries=0)
    world.send("t/f")
    world.settle()

    (fetch,) = world.simulation.fetches
    world.simulation.fetched(fetch, answer)
    world.run()

    assert list(world.output("f").values()) == [memo]


def test_what_is_never_dropped_cannot_be():
    with pytest.raises(TypeError, match="a App is never dropped"):
        State().apply(Drop(App(id="a", url="")))
