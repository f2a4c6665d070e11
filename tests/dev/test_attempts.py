"""Attempts that failed are remembered, with what went wrong and when the next one was made."""

from __future__ import annotations

import json

from inngest_py.dev.happenings import Checkpointed, LinesLogged
from inngest_py.dev.model import LogLine
from inngest_py.dev.reply import FetchReply, ReplyOp
from inngest_py.dev.simulation import START
from inngest_py.wire.ops import Opcode


def error(number):
    return {"name": "Busy", "message": f"attempt {number}", "stack": "Traceback"}


def test_every_attempt_of_a_step_but_the_last_is_remembered(world, kit):
    def reply(call):
        if call.has("a"):
            return kit.done()
        if call.ctx["attempt"] < 2:
            return kit.ops(kit.op("StepError", "a", error=error(call.ctx["attempt"])))
        return kit.ops(kit.op("StepRun", "a", data=1))

    world.function("f", reply)
    world.send("t/f")
    world.run()

    found = world.simulation.store.attempts(world.only("f").id)
    assert [(it.step_id, it.number, it.started_at - START, it.retry_at - START) for it in found] == [
        (kit.hashed("a"), 0, 0, 1000),
        (kit.hashed("a"), 1, 1000, 2000),
    ]
    assert [json.loads(it.error) for it in found] == [error(0), error(1)]


def test_attempts_of_the_function_belong_to_no_step(world, kit):
    world.function("f", lambda call: kit.done() if call.ctx["attempt"] else kit.failure("oh no"))
    world.send("t/f")
    world.run()

    (attempt,) = world.simulation.store.attempts(world.only("f").id)
    assert (attempt.step_id, json.loads(attempt.error)["message"]) == ("", "oh no")


def test_attempts_of_a_request_belong_to_its_step(world, kit):
    def reply(call):
        if call.has("ask"):
            return kit.done()
        return kit.ops(kit.op("Gateway", "ask", opts={"url": "http://other.test"}))

    world.function("f", reply)
    world.send("t/f")
    world.settle()
    (fetch,) = world.simulation.fetches
    world.simulation.fetched(fetch, FetchReply(url="http://other.test", fault="no answer"))

    (run,) = world.runs("f")
    (attempt,) = world.simulation.store.attempts(run.id)
    assert attempt.step_id == kit.hashed("ask")
    assert "no answer" in attempt.error


def test_attempts_and_what_was_logged_are_forgotten_with_their_run(world, kit):
    world.function("f", lambda call: kit.done() if call.ctx["attempt"] else kit.failure("oh no"))
    world.send("t/f")
    world.run()
    run_id = world.only("f").id
    line = LogLine(id="", run_id=run_id, at=START, level="INFO", logger="", text="busy", step="", attempt=0)
    world.simulation.happen(LinesLogged(world.only("f"), (line,)))
    assert world.simulation.store.log_size(run_id) == 1

    while (place := world.simulation.store.forget_runs(world.simulation.now + 1)) is not None:
        assert place

    assert world.simulation.store.attempts(run_id) == []
    assert world.simulation.store.log_size(run_id) == 0


def test_a_step_begins_when_the_one_before_it_in_the_same_call_has_ended(world, kit):
    world.function("f", kit.serial("a"))
    world.send("t/f")
    (call,) = world.simulation.calls
    (run,) = world.runs("f")

    for name in ("a", "b"):
        world.simulation.now += 100
        done = ReplyOp(code=Opcode.STEP_RUN, id=kit.hashed(name), name=name)
        world.simulation.happen(Checkpointed(run.id, call.job_id, (done,)))

    times = [
        (step.queued_at - START, step.started_at - START, step.ended_at - START)
        for step in world.simulation.steps(run.id)
    ]
    assert times == [(0, 0, 100), (100, 100, 200)]
