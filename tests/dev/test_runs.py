"""What follows from what an app answers: steps, parallel steps, errors, retries, waits, invocations."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from itertools import pairwise

import pytest

from inngest_py import Context, ContextSync, Handler, TriggerEvent
from inngest_py.dev.decisions import Call
from inngest_py.dev.happenings import CallAnswered, CancelRequested, Checkpointed, SignalSent
from inngest_py.dev.model import RunStatus, StepStatus
from inngest_py.dev.notices import CallFailed, EventAccepted, RunCompleted, RunFailed, StepRetrying
from inngest_py.dev.reply import Done, FetchReply, read_ops, unreachable
from inngest_py.dev.rules import BACKOFF, JITTER, Rules
from inngest_py.dev.simulation import START, Simulation
from inngest_py.wire.http import Response
from played import make_client


def test_a_function_without_steps_runs_once(world, kit):
    world.function("one", lambda call: kit.done({"a": call.data["a"]}))

    world.send("t/one", {"a": 1})
    world.run()

    assert world.output("one") == {"a": 1}
    assert world.targets() == ["step"]


def test_each_step_is_executed_once_and_seen_by_later_calls(world, kit):
    world.function("serial", kit.serial("a", "b", "c"))

    world.send("t/serial")
    world.run()

    assert world.output("serial") == ["a", "b", "c"]
    assert [len(call.steps) for call in world.calls] == [0, 1, 2, 3]
    assert [call.ctx["stack"]["stack"] for call in world.calls][-1] == [kit.hashed(name) for name in "abc"]


def test_an_id_of_a_step_that_is_no_hash_does_not_spoil_the_next_call(world, kit):
    odd = 'a","b\\'
    step = {"op": "StepRun", "id": odd, "displayName": "odd", "data": 1}
    world.function("odd", lambda call: kit.done(call.steps) if call.steps else kit.ops(step))

    world.send("t/odd")
    world.run()

    assert world.output("odd") == {odd: {"data": 1}}
    assert world.calls[-1].ctx["stack"] == {"current": 1, "stack": [odd]}


def test_a_string_that_is_json_is_read_once_more(world, kit):
    world.function("twice", lambda _: kit.done('{"a":1}'))

    world.send("t/twice")
    world.run()

    assert world.output("twice") == {"a": 1}


def parallel(kit, *names, mode=None, then=()):
    """A function that plans steps together, then runs others one by one."""
    opts = {"parallelMode": mode} if mode else None

    def reply(call):
        if call.target != "step":
            name = next(name for name in (*names, *then) if kit.hashed(name) == call.target)
            return kit.ops(kit.op("StepRun", name, data=name, opts=opts))
        missing = [name for name in names if not call.has(name)]
        if missing:
            return kit.ops(*(kit.op("StepPlanned", name, opts=opts) for name in missing))
        for name in then:
            if not call.has(name):
                code = "StepPlanned" if call.ctx["disable_immediate_execution"] else "StepRun"
                return kit.ops(kit.op(code, name, data=name))
        return kit.done("ok")

    return reply


def test_parallel_steps_cost_two_more_calls_than_they_are(world, kit):
    world.function("wide", parallel(kit, "a", "b", "c"))

    world.send("t/wide")
    world.run()

    assert sorted(world.targets()) == sorted(["step", "step", *map(kit.hashed, "abc")])


def test_a_call_for_one_of_several_steps_must_not_execute_others(world, kit):
    world.function("wide", parallel(kit, "a", "b"))

    world.send("t/wide")
    world.run()

    assert [call.ctx["disable_immediate_execution"] for call in world.calls] == [False, True, True, False]


def test_after_parallel_steps_a_single_one_may_run_in_place_again(world, kit):
    world.function("wide", parallel(kit, "a", "b", then=("c",)))

    world.send("t/wide")
    world.run()

    assert world.targets()[-2:] == ["step", "step"]


def test_in_a_race_each_step_that_ends_runs_the_function_again(world, kit):
    world.function("race", parallel(kit, "a", "b", mode="race"))

    world.send("t/race")
    world.run()

    assert world.targets().count("step") == 3
    assert sorted(set(world.targets())) == sorted(["step", kit.hashed("a"), kit.hashed("b")])
    assert world.targets().count(kit.hashed("b")) == 1, "reported again, but executed once"
    assert world.only("race").status is RunStatus.COMPLETED


def test_results_beside_a_sleep_run_the_function_again_once(world, kit):
    def reply(call):
        if not call.has("a"):
            ran = (kit.op("StepRun", name, data=name) for name in ("a", "b"))
            return kit.ops(*ran, {**kit.op("Sleep", "resume"), "name": "1s"})
        return kit.done("ok")

    world.function("resumed", reply)

    world.send("t/resumed")
    world.run()

    assert (world.output("resumed"), world.targets()) == ("ok", ["step", "step"])


def test_while_something_else_is_under_way_a_step_must_be_planned(world, kit):
    world.function("race", parallel(kit, "a", "b", mode="race", then=("c",)))
    world.send("t/race")
    world.settle()

    again = [call for call in world.calls if call.target == "step"][1]

    assert again.ctx["disable_immediate_execution"] is True


def test_the_documented_waits_come_before_each_retry(kit):
    simulation = Simulation(rules=Rules())
    simulation.register(kit.registration(kit.config("bad", retries=11)))
    simulation.send({"name": "t/bad"})

    simulation.run(lambda _: kit.failure())

    times = [notice.at for notice in simulation.told(CallFailed)]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert len(waits) == 11
    for wait, base in zip(waits, (*BACKOFF, BACKOFF[-1]), strict=True):
        assert base <= wait <= base + JITTER


def test_a_retry_is_the_same_job_with_the_next_attempt_and_generation(world, kit):
    world.function("bad", lambda _: kit.failure(), retries=2)

    world.send("t/bad")
    world.run()

    assert len({call.ctx["job_id"] for call in world.calls}) == 1
    assert [(call.ctx["attempt"], call.ctx["generation_id"]) for call in world.calls] == [(0, 1), (1, 2), (2, 3)]
    assert {call.ctx["max_attempts"] for call in world.calls} == {3}
    assert world.only("bad").status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), ("soon", 1), ("3.5", 1), ("0", 1), ("999999", 86400), ("2026-01-01T00:01:00.000Z", 60)],
)
def test_retry_after_is_read_as_the_real_server_reads_it(world, kit, header, seconds):
    world.function("later", lambda _: kit.failure(**{"retry-after": header}), retries=1)

    world.send("t/later")
    world.run()

    assert world.simulation.now == START + seconds * 1000


def test_no_retry_ends_the_run_at_once_with_the_words_of_the_app(world, kit):
    world.function("never", lambda _: kit.failure("no", **{"x-inngest-no-retry": "true"}))

    world.send("t/never")
    world.run()

    run = world.only("never")
    assert len(world.calls) == 1
    assert json.loads(run.error or "") == {
        "error": "NonRetriableError",
        "message": "no",
        "name": "ValueError",
        "stack": "Traceback",
    }
    assert json.loads(run.output or "")["code"] == "unknown"


def test_a_step_that_fails_is_retried_and_then_seen_as_failed(world, kit):
    def reply(call):
        if call.has("bad"):
            return kit.done(call.memo("bad")["error"])
        error = {"name": "ValueError", "message": "no", "code": "unknown"}
        return kit.ops(kit.op("StepError", "bad", error=error))

    world.function("steps", reply, retries=1)
    world.send("t/steps")
    world.run()

    assert world.output("steps") == {"name": "ValueError", "message": "no"}
    assert [call.ctx["attempt"] for call in world.calls] == [0, 1, 0]
    (step,) = world.simulation.steps(world.only("steps").id)
    assert (step.status, step.attempts) == (StepStatus.FAILED, 2)
    assert len(world.simulation.told(StepRetrying)) == 1


def test_an_app_that_is_not_reached_is_called_again(world, kit):
    world.function("away", lambda _: kit.done("here"))
    world.send("t/away")
    (call,) = world.simulation.calls

    world.simulation.reply(call, unreachable("refused"))
    world.run()

    assert world.output("away") == "here"
    assert world.calls[0].ctx["attempt"] == 1


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (Response(200, {}, b"<html>"), "not_sdk"),
        (Response(502, {}, b"<html>bad gateway</html>"), "Your server returned HTTP 502 before the SDK responded."),
        (Response(206, {"x-inngest-sdk": "x"}, b"{nope"), "not JSON"),
        (Response(206, {"x-inngest-sdk": "x"}, b""), "not JSON"),
        (Response(206, {"x-inngest-sdk": "x"}, b'[{"op":"Nope","id":"a"}]'), "does not belong to Opcode values"),
        (Response(206, {"x-inngest-sdk": "x"}, b'[{"op":"StepError","id":"a"}]'), "StepError has no error"),
        (Response(206, {"x-inngest-sdk": "x"}, b'["x"]'), "an operation must be an object"),
        (Response(304, {"x-inngest-sdk": "x"}, b""), "invalid status code: 304"),
        (Response(201, {"x-inngest-sdk": "x"}, b"  nonsense"), "not JSON"),
        (Response(201, {"x-inngest-sdk": "x"}, b'{"status":200,"error":"lost"}'), "lost"),
        (Response(200, {"x-inngest-sdk": "x"}, b'"' + b"x" * (8 << 20) + b'"'), "output_too_large"),
    ],
)
def test_what_makes_no_sense_is_a_failure_that_is_retried(world, response, said):
    world.function("odd", lambda _: response, retries=1)

    world.send("t/odd")
    world.run()

    run = world.only("odd")
    assert len(world.calls) == 2
    assert run.status is RunStatus.FAILED
    assert said in json.loads(run.error or "")["error"]


def test_a_streamed_reply_counts_for_what_is_in_its_envelope(world, kit):
    ops = json.dumps([kit.op("StepRun", "a", data=1)])
    envelope = {"status": 206, "body": ops, "headers": {"X-Inngest-SDK": "x", "X-Inngest-Req-Version": "2"}}

    def reply(call):
        return kit.done("ok") if call.has("a") else Response(201, {}, b"   " + json.dumps(envelope).encode())

    world.function("stream", reply)
    world.send("t/stream")
    world.run()

    assert world.output("stream") == "ok"
    assert world.calls[1].body["version"] == 2


def test_an_app_that_says_nothing_new_is_not_asked_for_ever(world, kit):
    world.function("idle", lambda _: kit.ops())

    world.send("t/idle")
    world.run()

    assert world.only("idle").status is RunStatus.FAILED
    assert len(world.calls) == 20


def test_a_reply_to_an_older_dispatch_is_ignored(world, kit):
    world.function("slow", lambda _: kit.done("new"))
    world.send("t/slow")
    (old,) = world.simulation.calls
    world.simulation.restart()

    world.simulation.happen(CallAnswered(old.job_id, old.generation, Done('"old"')))
    world.run()

    assert world.output("slow") == "new"
    assert world.calls[0].ctx["generation_id"] == 2


def test_the_reply_of_a_cancelled_run_is_ignored(world, kit):
    world.function("gone", lambda _: kit.done("late"))
    world.send("t/gone")
    (call,) = world.simulation.calls

    assert world.simulation.happen(CancelRequested(world.only("gone").id)) is True
    world.simulation.answer(call, kit.done("late"))

    run = world.only("gone")
    assert (run.status, run.output) == (RunStatus.CANCELLED, None)
    assert world.simulation.happen(CancelRequested(run.id)) is False


def wait(kit, **opts):
    def reply(call):
        if call.has("wait"):
            return kit.done({"got": call.memo("wait")})
        return kit.ops(kit.op("WaitForEvent", "wait", name="t/signal", opts=opts))

    return reply


def test_a_wait_ends_with_the_first_event_that_fits(world, kit):
    world.function("waiter", wait(kit, timeout="1m", **{"if": "async.data.k == event.data.k"}))
    world.send("t/waiter", {"k": 1})
    world.settle()

    world.send("t/signal", {"k": 2})
    world.send("t/signal", {"k": 1}, id="mine")
    world.run()

    got = world.output("waiter")["got"]
    assert (got["data"], got["id"], got["name"]) == ({"k": 1}, "mine", "t/signal")
    assert world.simulation.now == START


def test_a_wait_that_is_not_met_ends_with_null(world, kit):
    world.function("waiter", wait(kit, timeout="1m"))
    world.send("t/signal")

    world.send("t/waiter")
    world.run()

    assert world.output("waiter") == {"got": None}
    assert world.simulation.now == START + 60_000


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ({"op": "WaitForEvent", "name": "", "opts": {"timeout": "1m"}}, "InvalidWait"),
        ({"op": "WaitForEvent", "name": "x", "opts": {"timeout": "1m", "if": "nope("}}, "InvalidExpression"),
        ({"op": "WaitForEvent", "name": "x", "opts": {"timeout": "367d"}}, "InngestErrTimeoutTooLong"),
        ({"op": "Sleep", "name": "some time"}, "InvalidDuration"),
        ({"op": "Sleep", "name": "400d"}, "InngestErrTimeoutTooLong"),
        ({"op": "WaitForSignal", "name": "x", "opts": {}}, "InvalidWait"),
    ],
)
def test_a_wait_that_cannot_be_fails_the_run_at_once(world, kit, operation, name):
    world.function("odd", lambda _: kit.ops({"id": kit.hashed("odd"), **operation}))

    world.send("t/odd")
    world.run()

    assert json.loads(world.only("odd").error or "")["name"] == name
    assert len(world.calls) == 1


def test_a_sleep_costs_no_calls_and_ends_in_time(world, kit):
    def reply(call):
        return kit.done("up") if call.has("nap") else kit.ops(kit.op("Sleep", "nap", opts={"duration": "36h"}))

    world.function("sleeper", reply)
    world.send("t/sleeper")
    world.run()

    assert world.simulation.now == START + 36 * 3600 * 1000
    assert len(world.calls) == 2


def test_a_signal_wakes_whoever_waits_for_it_and_is_not_kept(world, kit):
    def reply(call):
        waiting = kit.op("WaitForSignal", "sig", opts={"signal": "go", "timeout": "1h"})
        return kit.done(call.memo("sig")) if call.has("sig") else kit.ops(waiting)

    world.function("waiter", reply)
    assert world.simulation.happen(SignalSent("go", "1")) is None
    world.send("t/waiter")
    world.settle()

    assert world.simulation.happen(SignalSent("go", '{"n":1}')) == world.only("waiter").id
    world.run()

    assert world.output("waiter") == {"data": {"signal": "go", "data": {"n": 1}}}


def test_a_second_waiter_for_a_signal_fails_or_replaces_the_first(world, kit):
    def reply(call):
        opts = {"signal": "go", "timeout": "1h", **call.data}
        return kit.done(call.memo("sig")) if call.has("sig") else kit.ops(kit.op("WaitForSignal", "sig", opts=opts))

    world.function("waiter", reply)
    for data in ({}, {}, {"conflict": "replace"}):
        world.simulation.advance(1)
        world.send("t/waiter", data)
        world.settle()

    first, second, third = world.runs("waiter")
    assert (first.status, first.output) == (RunStatus.COMPLETED, "null")
    assert "Signal conflict" in (second.error or "")
    assert third.status is RunStatus.RUNNING


def invoker(kit, **opts):
    def reply(call):
        if call.has("ask"):
            return kit.done(call.memo("ask"))
        payload = {"function_id": "child", "payload": {"data": {"n": 2}, "v": "9"}, **opts}
        return kit.ops(kit.op("InvokeFunction", "ask", opts=payload))

    return reply


def test_an_invoked_function_hands_its_result_back(world, kit):
    world.function("parent", invoker(kit))
    world.function("child", lambda call: kit.done(call.data["n"] * 2))

    world.send("t/parent")
    world.run()

    assert world.output("parent") == {"data": 4}
    child = next(call for call in world.calls if "_inngest" in call.data)
    assert (child.body["event"]["name"], child.body["event"]["v"]) == ("inngest/function.invoked", "9")


def test_only_the_function_that_was_meant_answers_an_invocation(world, kit):
    world.function("parent", invoker(kit))
    world.function("child", kit.serial("slow", result="mine"))
    world.function("logger", lambda _: kit.done("not mine"), event="inngest/function.invoked")

    world.send("t/parent")
    world.run()

    assert world.output("parent") == {"data": "mine"}
    assert world.output("logger") == "not mine"


def test_a_failed_child_is_an_error_of_the_step_and_not_retried(world, kit):
    world.function("parent", invoker(kit), retries=3)
    world.function("child", lambda _: kit.failure("exploded"), retries=0)

    world.send("t/parent")
    world.run()

    error = world.output("parent")["error"]
    assert (error["error"], error["message"]) == ("invalid status code: 500", "exploded")
    assert len(world.runs("child")) == 1


def test_an_invocation_times_out(world, kit):
    world.function("parent", invoker(kit, timeout="1m"))
    world.function("child", lambda _: kit.ops(kit.op("Sleep", "long", name="1h")))

    world.send("t/parent")
    world.run(until=START + 120_000)

    assert world.output("parent")["error"]["name"] == "InngestInvokeTimeoutError"


def test_an_unknown_function_is_an_error_of_the_step(world, kit):
    world.function("parent", invoker(kit, function_id="nobody"))

    world.send("t/parent")
    world.run()

    assert world.output("parent")["error"]["message"] == "could not find function with ID: nobody"


def test_a_handler_of_failures_that_fails_does_not_start_itself(world, kit):
    world.function("bad", lambda _: kit.failure(), retries=0)
    world.function("handler", lambda _: kit.failure(), event="inngest/function.failed", retries=0)

    world.send("t/bad")
    world.run()

    assert len(world.runs("handler")) == 1


def test_steps_saved_by_a_checkpoint_are_not_asked_for_again(world, kit):
    def reply(call):
        return kit.done(call.steps) if call.ctx["attempt"] == 1 else kit.failure()

    world.function("saver", reply, retries=2)
    world.send("t/saver")
    (call,) = world.simulation.calls
    ops = read_ops([kit.op("StepRun", "a", data=1)])
    run_id = world.only("saver").id

    assert world.simulation.happen(Checkpointed(run_id, call.job_id, ops)) == ""
    assert world.simulation.happen(Checkpointed(run_id, call.job_id, read_ops([kit.op("StepRun", "a", data=2)]))) == ""
    world.run()

    assert world.output("saver") == {kit.hashed("a"): {"data": 1}}


def test_a_checkpoint_leaves_the_attempts_of_other_runs_alone(world, kit):
    world.function("failing", lambda _: kit.failure(), retries=2)
    for _ in range(2):
        world.send("t/failing")
    world.settle()
    world.simulation.advance(1000)
    first, second = world.simulation.calls

    world.simulation.happen(Checkpointed(world.runs("failing")[0].id, second.job_id, ()))

    jobs = world.simulation.state.jobs
    assert (jobs[first.job_id].attempt, jobs[second.job_id].attempt) == (1, 1)


def test_only_finished_steps_can_be_checkpointed(world, kit):
    world.function("saver", lambda _: kit.done())
    world.send("t/saver")
    (call,) = world.simulation.calls
    ops = read_ops([kit.op("Sleep", "a", name="1s")])

    assert world.simulation.happen(Checkpointed(world.only("saver").id, call.job_id, ops)) != ""


def test_steps_that_come_with_the_end_of_the_run_are_saved(world, kit):
    world.function(
        "js", lambda _: kit.ops(kit.op("RunComplete", "complete", data={"r": 1}), kit.op("StepRun", "a", data=1))
    )

    world.send("t/js")
    world.run()

    assert world.output("js") == {"r": 1}
    assert [step.name for step in world.simulation.steps(world.only("js").id)] == ["a"]


def fetcher(kit, code="Gateway"):
    def reply(call):
        if call.has("get"):
            return kit.done(call.memo("get"))
        return kit.ops(kit.op(code, "get", opts={"url": "http://x.test", "method": "GET"}))

    return reply


def test_the_server_makes_a_request_for_a_step(world, kit):
    world.function("fetcher", fetcher(kit))
    world.send("t/fetcher")
    world.settle()
    (fetch,) = world.simulation.fetches

    world.simulation.fetched(fetch, FetchReply("http://x.test", 404, {"x-a": "1"}, b"hi"))
    world.run()

    assert world.output("fetcher") == {
        "data": {"url": "http://x.test", "status_code": 404, "headers": {"X-A": "1"}, "body": "hi"}
    }


@pytest.mark.parametrize(
    ("code", "reply", "name"),
    [
        ("Gateway", FetchReply("u", fault="Unable to reach SDK URL"), "GatewayError"),
        ("AIGateway", FetchReply("u", 500, {}, b'{"e":1}'), "AIGatewayError"),
    ],
)
def test_a_request_that_fails_asks_the_app_again_and_then_fails_the_step(world, kit, code, reply, name):
    world.function("fetcher", fetcher(kit, code), retries=1)
    world.send("t/fetcher")
    world.settle()
    world.simulation.fetched(world.simulation.fetches[0], reply)
    world.simulation.advance(1000)
    world.settle()
    world.simulation.fetched(world.simulation.fetches[0], reply)
    world.run()

    assert [call.ctx["attempt"] for call in world.calls] == [0, 1, 0]
    assert world.output("fetcher")["error"]["name"] == name


def test_a_run_with_too_many_steps_fails(kit, world):
    small = world.make(rules=Rules(max_steps=3))
    small.function("many", kit.serial("a", "b", "c", "d"))

    small.send("t/many")
    small.run()

    assert json.loads(small.only("many").error or "")["name"] == "InngestErrFunctionOverflowed"
    assert len(small.calls) == 3


def test_a_run_with_too_much_state_fails(kit, world):
    small = world.make(rules=Rules(max_state=1000))
    small.function("big", lambda call: kit.ops(kit.op("StepRun", f"s{len(call.steps)}", data="x" * 400)))

    small.send("t/big")
    small.run()

    assert json.loads(small.only("big").error or "")["name"] == "InngestErrStateOverflowed"


def test_large_state_is_left_for_the_app_to_fetch(world, kit):
    def reply(call):
        if call.body["use_api"]:
            return kit.done([call.steps, call.ctx["use_api"], len(call.ctx["stack"]["stack"])])
        return kit.ops(kit.op("StepRun", f"s{len(call.steps)}", data="x" * (3 << 20)))

    world.function("large", reply)
    world.send("t/large")
    world.run()

    assert world.output("large") == [{}, True, 2]


def test_notices_tell_how_a_run_went(world, kit):
    world.function("serial", kit.serial("a"))
    world.send("t/serial")
    world.run()

    (completed,) = world.simulation.told(RunCompleted)

    assert (completed.function, completed.steps, completed.output) == ("serial", 1, '["a"]')
    assert not world.simulation.told(RunFailed)


def test_calls_are_decided_with_complete_bodies(world, kit):
    world.function("one", lambda _: kit.done())
    world.send("t/one", {"big": 12345678901234567890, "whole": 1.0, "text": "é"})

    (call,) = world.simulation.calls

    assert isinstance(call, Call)
    assert '"data":{"big":12345678901234567000,"text":"é","whole":1}' in call.body.decode()


def test_it_is_told_what_an_event_does(world, kit):
    wait = kit.op("WaitForEvent", "w", name="t/go", opts={"timeout": "1h"})
    for name in ("f", "g"):
        world.function(name, lambda call: kit.done() if call.steps else kit.ops(wait), "t/start")
    world.function("h", lambda _: kit.ops(kit.op("Sleep", "s", name="1h")), "t/start", cancel=[{"event": "t/go"}])
    world.function("i", lambda _: kit.done(), "t/go")
    world.send("t/start")
    world.settle()

    world.send("t/go")

    told = next(it for it in world.simulation.told(EventAccepted) if it.name == "t/go")
    assert (told.functions, told.resumed, told.cancelled) == (("i",), 2, 1)


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
def test_an_app_that_wants_more_steps_at_once_than_there_may_be_fails_before_one_has_run(kit, colour):
    client, asked = make_client(), []
    ran: list[int] = []

    @client.create_function(fn_id="plain", trigger=TriggerEvent(event="t/wide"))
    def plain(ctx: ContextSync):
        ctx.group.parallel([partial(ctx.step.run, f"s{n}", ran.append, n) for n in range(1001)])

    @client.create_function(fn_id="coroutine", trigger=TriggerEvent(event="t/wide"))
    async def coroutine(ctx: Context):
        await asyncio.gather(*(ctx.step.run(f"s{n}", ran.append, n) for n in range(1001)))

    def app(request):
        asked.append(request)
        return Handler(client, framework="test").handle(request)

    server = Simulation()
    server.register(kit.registration(kit.config(f"app-{colour}", "t/wide")))
    server.send({"name": "t/wide", "data": {}})
    server.run(app)

    (run,) = server.runs(f"app-{colour}")
    assert (run.status, len(asked), ran) == (RunStatus.FAILED, 1, [])
    assert "the function asks for 1001 steps at once, and servers take 1000" in str(run.output)
