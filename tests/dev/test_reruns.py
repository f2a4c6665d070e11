"""Repeating a run: from the beginning, or from a step on, with another input."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.happenings import RerunRequested
from inngest_py.dev.model import RunStatus, StepStatus


def rerun(world, run, step="", given=None):
    """Have a run repeated. Returns the new run's id."""
    store = world.simulation.store
    happening = RerunRequested(
        run=run,
        events=tuple(store.event(event_id) for event_id in run.events),
        steps=tuple(store.steps(run.id)),
        from_step=step,
        input=given,
    )
    return world.simulation.happen(happening)


def shopping(kit):
    """A function of three steps; the second one is called with its argument."""

    def reply(call):
        if not call.has("first"):
            return kit.ops(kit.op("StepRun", "first", data="one"))
        memo = call.steps.get(kit.hashed("second"), {})
        if "data" not in memo and "error" not in memo:
            given = memo.get("input", [2])
            return kit.ops(kit.op("StepRun", "second", data=given, opts={"input": given}))
        if not call.has("third"):
            return kit.ops(kit.op("StepRun", "third", data="three"))
        return kit.done([call.memo(name)["data"] for name in ("first", "second", "third")])

    return reply


def test_a_run_is_repeated_from_the_beginning(world, kit):
    world.function("f", kit.serial("a", "b"))
    event = world.send("t/f", {"n": 1})
    world.run()
    first = world.only("f")

    second_id = rerun(world, first)
    world.run()

    second = world.simulation.store.run(second_id)
    assert (second.status, second.output, second.events) == (RunStatus.COMPLETED, first.output, (event,))
    assert (first.original, second.original) == ("", first.id)
    assert [call.data for call in world.calls] == [{"n": 1}] * 6


def test_a_repeated_run_is_called_in_the_version_of_the_protocol_in_which_its_steps_were_named(world, kit):
    world.function("f", kit.serial("a"))
    world.send("t/f")
    world.run()

    rerun(world, world.only("f"), kit.hashed("a"))
    world.run()

    versions = [call.headers["x-inngest-req-version"] for call in world.calls]
    assert versions == ["-1", "2", "2", "2"]


def test_from_a_step_on_what_was_done_before_is_not_done_again(world, kit):
    world.function("f", shopping(kit))
    world.send("t/f")
    world.run()
    world.calls.clear()

    second_id = rerun(world, world.only("f"), kit.hashed("second"))
    world.run()

    first_call = world.calls[0]
    assert first_call.steps == {kit.hashed("first"): {"data": "one"}}
    assert first_call.ctx["stack"] == {"current": 1, "stack": [kit.hashed("first")]}
    assert json.loads(world.simulation.store.run(second_id).output) == ["one", [2], "three"]


def test_the_step_is_called_with_the_edited_input(world, kit):
    world.function("f", shopping(kit))
    world.send("t/f")
    world.run()
    world.calls.clear()

    second_id = rerun(world, world.only("f"), kit.hashed("second"), '["edited"]')
    world.run()

    first_call, second_call = world.calls[:2]
    assert first_call.steps == {
        kit.hashed("first"): {"data": "one"},
        kit.hashed("second"): {"input": ["edited"]},
    }
    assert first_call.ctx["stack"]["stack"] == [kit.hashed("first")]
    assert second_call.steps[kit.hashed("second")] == {"data": ["edited"]}
    assert json.loads(world.simulation.store.run(second_id).output) == ["one", ["edited"], "three"]
    shown = {step.name: (step.input, step.edited) for step in world.simulation.steps(second_id)}
    assert shown == {"first": (None, False), "second": ('["edited"]', True), "third": (None, False)}


def test_an_edited_input_outlives_a_restart(world, kit):
    world.function("f", shopping(kit))
    world.send("t/f")
    world.run()
    world.calls.clear()

    second_id = rerun(world, world.only("f"), kit.hashed("second"), '["edited"]')
    world.simulation.restart()
    world.run()

    assert world.calls[0].steps[kit.hashed("second")] == {"input": ["edited"]}
    assert json.loads(world.simulation.store.run(second_id).output)[1] == ["edited"]


def test_an_edited_input_is_kept_for_the_next_attempt(world, kit):
    failing = iter([True, False])

    def reply(call):
        memo = call.memo("a")
        if "data" in memo:
            return kit.done(memo["data"])
        if next(failing):
            return kit.ops(kit.op("StepError", "a", error={"name": "E", "message": "m"}, opts={"input": memo["input"]}))
        return kit.ops(kit.op("StepRun", "a", data=memo["input"], opts={"input": memo["input"]}))

    world.function("f", kit.serial("a"), retries=1)
    world.send("t/f")
    world.run()
    world.function("f", reply, retries=1)

    second_id = rerun(world, world.only("f"), kit.hashed("a"), "[7]")
    world.run()

    (step,) = world.simulation.steps(second_id)
    assert (step.status, step.attempts, step.input) == (StepStatus.COMPLETED, 2, "[7]")
    assert json.loads(world.simulation.store.run(second_id).output) == [7]


def test_a_run_that_failed_at_a_step_goes_on_from_there(world, kit):
    broken = [True]

    def reply(call):
        if not call.has("good"):
            return kit.ops(kit.op("StepRun", "good", data=1))
        if not call.has("bad"):
            failed = kit.op("StepFailed", "bad", error={"name": "E", "message": "m"})
            return kit.ops(failed if broken else kit.op("StepRun", "bad", data=2))
        return (
            kit.done(call.memo("bad").get("data"))
            if "data" in call.memo("bad")
            else kit.failure(x_inngest_no_retry="true")
        )

    world.function("f", reply)
    world.send("t/f")
    world.run()
    failed = world.only("f")
    broken.clear()

    second_id = rerun(world, failed, kit.hashed("bad"))
    world.run()

    assert failed.status is RunStatus.FAILED
    assert world.simulation.store.run(second_id).output == "2"


def test_waits_and_sleeps_before_the_step_are_over(world, kit):
    def reply(call):
        if not call.has("nap"):
            return kit.ops(kit.op("Sleep", "nap", opts={"duration": "1h"}))
        if not call.has("work"):
            return kit.ops(kit.op("StepRun", "work", data=1))
        return kit.done()

    world.function("f", reply)
    world.send("t/f")
    world.run()
    began = world.simulation.now

    rerun(world, world.only("f"), kit.hashed("work"))
    world.run()

    assert world.simulation.now == began


@pytest.mark.parametrize("rule", [{"rateLimit": {"limit": 1, "period": "1h"}}, {"idempotency": "event.data.id"}])
def test_what_holds_an_event_back_does_not_hold_back_a_person(world, kit, rule):
    world.function("f", kit.serial("a"), **rule)
    world.send("t/f", {"id": 1})
    world.run()

    second_id = rerun(world, world.only("f"))
    world.run()

    assert world.simulation.store.run(second_id).status is RunStatus.COMPLETED


def test_a_run_of_a_function_that_there_is_no_longer_is_not_repeated(world, kit):
    world.function("f", kit.serial("a"))
    world.send("t/f")
    world.run()
    world.simulation.register(kit.registration())

    assert rerun(world, world.only("f")) is None


def test_nobody_is_told_twice_of_an_invoked_run(world, kit):
    def parent(call):
        if not call.has("child"):
            return kit.ops(kit.op("InvokeFunction", "child", opts={"function_id": "child", "payload": {"data": {}}}))
        return kit.done(call.memo("child"))

    world.function("parent", parent)
    world.function("child", kit.serial("a"))
    world.send("t/parent")
    world.run()

    second_id = rerun(world, world.only("child"))
    world.run()

    assert world.simulation.store.run(second_id).correlation == ""
    assert world.only("parent").status is RunStatus.COMPLETED


def test_a_batch_is_repeated_as_a_whole(world, kit):
    world.function("f", lambda call: kit.done(len(call.body["events"])), batchEvents={"maxSize": 2, "timeout": "1m"})
    world.send("t/f")
    world.send("t/f")
    world.run()
    first = world.only("f")

    second = world.simulation.store.run(rerun(world, first))

    assert second.events == first.events
    assert second.batch_id not in {"", first.batch_id}


def test_the_arguments_of_a_step_are_shown_however_it_is_reported(world, kit):
    def reply(call):
        if not call.has("a"):
            return kit.ops(kit.op("StepRun", "a", data=1, opts={"input": [1, "x"]}))
        if call.target == kit.hashed("b"):
            return kit.ops(kit.op("StepRun", "b", data=2, opts={"input": [{"z": 1, "a": 2}]}))
        if not call.has("b"):
            return kit.ops(kit.op("StepPlanned", "b"), kit.op("StepPlanned", "c", opts={"input": "odd"}))
        return kit.done()

    world.function("f", reply)
    world.send("t/f")
    world.settle()

    (run,) = world.runs("f")
    assert {step.name: step.input for step in world.simulation.steps(run.id)} == {
        "a": '[1,"x"]',
        "b": '[{"a":2,"z":1}]',
        "c": None,
    }


def test_a_repeated_batch_answers_no_invocation(world, kit):
    def parent(call):
        if not call.steps:
            return kit.ops(kit.op("InvokeFunction", "i", opts={"function_id": "child", "payload": {"data": {}}}))
        return kit.done(call.memo("i")["data"])

    results = [kit.ops(kit.op("Sleep", "s", name="1h")), kit.done("the repeated one"), kit.done("the one invoked")]
    world.function("parent", parent)
    world.function("child", lambda _: results.pop(0), batchEvents={"maxSize": 2, "timeout": "10s"})
    world.send("t/parent")
    world.run(until=world.simulation.now + 10_000)

    rerun(world, world.only("child"))
    world.run()

    assert world.output("parent") == "the one invoked"


def test_what_was_edited_in_a_repeated_run_stays_marked_in_one_that_takes_it_over(world, kit):
    world.function("f", shopping(kit))
    world.send("t/f")
    world.run()
    store, first = world.simulation.store, world.only("f")

    second = store.run(rerun(world, first, kit.hashed("second"), "[3]"))
    world.run()
    third = rerun(world, second, kit.hashed("third"))
    world.run()

    edited = [[step.edited for step in store.steps(run_id)] for run_id in (second.id, third)]
    assert edited == [[False, True, False], [False, True, False]]
    assert store.run(third).output == '["one",[3],"three"]'


def test_what_a_repeated_run_takes_over_it_has_had_from_its_beginning(world, kit):
    """So that a tree of its steps begins with it."""
    world.function("f", shopping(kit))
    world.send("t/f")
    world.run()
    world.simulation.advance(1000)

    store = world.simulation.store
    second = store.run(rerun(world, world.only("f"), kit.hashed("third")))

    times = {(step.queued_at, step.started_at, step.ended_at) for step in store.steps(second.id)}
    assert times == {(second.created_at,) * 3}
