"""Several steps in one request: results are saved on the way, and nothing is lost or run twice if that fails."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from functools import partial
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, computed_field

from inngest_py import Checkpointing, Context, ContextSync, Handler, RetryAfterError, TriggerEvent
from inngest_py.engine import checkpoints, run
from inngest_py.engine.checkpoints import NO_CHECKPOINTS, Checkpointed, Saved
from inngest_py.engine.drive import drive
from inngest_py.engine.memory import Memory
from inngest_py.engine.plan import Plan
from inngest_py.flows import checkpoints as saving
from inngest_py.wire.canonical import canonical
from inngest_py.wire.codec import decode
from inngest_py.wire.ops import Op, Opcode
from played import Played, call_request, make_client

TRIGGER = TriggerEvent(event="test/event")
IDS: dict[str, Any] = {"fn_id": "fn-uuid", "qi_id": "qi", "request_id": "req", "generation_id": 1}
COLOURS = ["plain", "coroutine"]


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


class API:
    """The checkpoint API: answers with the statuses given, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.saved: list[list[dict]] = []
        self.bodies: list[dict] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.saved.append(body["steps"])
        return httpx.Response(status)

    @property
    def names(self) -> list[list[str]]:
        return [[op["displayName"] for op in ops] for ops in self.saved]


class Clock:
    """A clock that goes on by a second for every step."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def serve(colour, api, program, clock=None, **checkpointing):
    transport = httpx.MockTransport(api)
    given = httpx.Client(transport=transport) if colour == "plain" else httpx.AsyncClient(transport=transport)
    client = make_client(http_client=given, checkpointing=Checkpointing(**checkpointing))

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return program(lambda name, call=None: ctx.step.run(name, call or (lambda: name)), ctx)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        found: list = []
        for name, call in program(lambda name, call=None: (name, call), None):
            if name == "nap":
                await ctx.step.sleep("nap", "1m")
            elif name == "raise":
                raise ValueError("no")
            else:
                found.append(await ctx.step.run(name, call or (lambda name=name: name)))
        return found

    return Handler(client, framework="test", clock=clock or Clock())


def ask(handler, colour, **ctx):
    request = call_request(f"app-{colour}", **IDS | ctx)
    response = handler.handle(request) if colour == "plain" else asyncio.run(handler.ahandle(request))
    return response.status, json.loads(response.body)


def abc(run, _ctx):
    return [run("a"), run("b"), run("c")]


def names(ops):
    return [(op["op"], op["displayName"]) for op in ops]


@pytest.mark.parametrize("colour", COLOURS)
def test_all_steps_run_in_one_request_and_each_is_saved(colour):
    api = API()

    status, body = ask(serve(colour, api, abc), colour)

    assert (status, body) == (200, ["a", "b", "c"])
    assert api.names == [["a"], ["b"], ["c"]]
    sent = api.bodies[0]
    assert {key: sent[key] for key in IDS} == IDS
    assert (sent["run_id"], sent["steps"][0]["op"], sent["steps"][0]["data"]) == ("R1", "StepRun", "a")


@pytest.mark.parametrize("colour", COLOURS)
def test_results_may_be_saved_together(colour):
    api = API()

    status, ops = ask(serve(colour, api, abc, buffered_steps=2), colour)

    assert api.names == [["a", "b"]]
    assert (status, names(ops)) == (206, [("StepRun", "c"), ("RunComplete", "complete")])
    assert ops[1]["data"] == ["a", "b", "c"]
    assert ops[1]["id"] == hashlib.sha1(b"complete").hexdigest()


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("status", [400, 404, 413])
def test_a_result_that_cannot_be_saved_is_in_the_ordinary_answer(colour, status):
    api = API(200, status)

    answered, ops = ask(serve(colour, api, abc), colour)

    assert (answered, names(ops), api.names) == (206, [("StepRun", "b")], [["a"]])


@pytest.mark.parametrize("colour", COLOURS)
def test_several_results_that_cannot_be_saved_are_answered_with_the_step_that_follows_only_planned(colour):
    ran = []

    def program(run, _ctx):
        return [run("a"), run("b"), run("c", lambda: ran.append("c"))]

    status, ops = ask(serve(colour, API(400), program, buffered_steps=2), colour)

    assert (status, names(ops)) == (206, [("StepRun", "a"), ("StepRun", "b"), ("StepPlanned", "c")])
    assert ran == []


@pytest.mark.parametrize("colour", COLOURS)
def test_a_request_that_the_server_has_given_up_stops(colour):
    ran = []

    def program(run, _ctx):
        return [run("a"), run("b", lambda: ran.append("b"))]

    status, ops = ask(serve(colour, API(409), program), colour)

    assert (status, ops, ran) == (206, [], [])


@pytest.mark.parametrize("colour", COLOURS)
def test_after_the_longest_time_the_server_is_asked_to_ask_again(colour):
    clock, api = Clock(), API()

    def tick():
        clock.now += 6

    def program(run, _ctx):
        return [run("a", tick), run("b", tick), run("c", tick)]

    status, ops = ask(serve(colour, api, program, clock, max_runtime="10s"), colour)

    assert (status, names(ops), api.names) == (206, [("DiscoveryRequest", "discovery")], [["a"], ["b"]])


def test_results_that_have_waited_long_enough_are_saved():
    clock, api = Clock(), API()

    def tick():
        clock.now += 1

    def program(run, _ctx):
        return [run("a", tick), run("b", tick), run("c", tick)]

    ask(serve("plain", api, program, clock, buffered_steps=100, max_interval="2s", max_runtime="1h"), "plain")

    assert api.names == [["a", "b"]]


@pytest.mark.parametrize("colour", COLOURS)
def test_a_failed_step_is_answered_after_those_before_it_were_saved_and_is_a_first_attempt(colour):
    api = API()

    def program(run, _ctx):
        return [run("a"), run("boom", lambda: 1 / 0)]

    status, ops = ask(serve(colour, api, program), colour, attempt=3, max_attempts=4)

    assert (status, names(ops), api.names) == (206, [("StepError", "boom")], [["a"]])


@pytest.mark.parametrize("colour", COLOURS)
def test_what_was_buffered_is_saved_before_a_sleep_and_before_an_error_of_the_function(colour):
    def naps(run, ctx):
        return [run("a"), run("b"), ctx.step.sleep("nap", "1m") if ctx else ("nap", None)]

    def raises(run, ctx):
        found = [run("a")]
        if ctx:
            raise ValueError("no")
        return [*found, ("raise", None)]

    napping, raising = API(), API()

    _, ops = ask(serve(colour, napping, naps, buffered_steps=10), colour)
    status, body = ask(serve(colour, raising, raises, buffered_steps=10), colour)

    assert (names(ops), napping.names) == ([("Sleep", "nap")], [["a", "b"]])
    assert (status, body["name"], raising.names) == (500, "ValueError", [["a"]])


@pytest.mark.parametrize("ctx", [{"disable_immediate_execution": True}, {"fn_id": ""}, {"qi_id": None}])
def test_nothing_is_saved_on_the_way_where_the_server_does_not_allow_it(ctx):
    api = API()

    status, ops = ask(serve("plain", api, abc), "plain", **ctx)

    assert (status, len(ops), api.bodies) == (206, 1, [])


def test_a_targeted_step_is_answered_at_once():
    api = API()

    _, ops = ask(serve("plain", api, abc), "plain", target=hashlib.sha1(b"a").hexdigest())

    assert (names(ops), api.bodies) == ([("StepRun", "a")], [])


def test_a_function_may_say_that_it_wants_none_of_it():
    api = API()
    client = make_client(http_client=httpx.Client(transport=httpx.MockTransport(api)))

    @client.create_function(fn_id="fn", trigger=TRIGGER, checkpointing=False)
    def fn(ctx: ContextSync):
        return [ctx.step.run("a", lambda: 1), ctx.step.run("b", lambda: 2)]

    response = Handler(client, framework="test").handle(call_request("app-fn", **IDS))

    assert (names(json.loads(response.body)), api.bodies) == ([("StepRun", "a")], [])


@pytest.mark.parametrize("colour", COLOURS)
def test_a_run_whose_saving_fails_now_and_then_ends_the_same(colour):
    ran: list[str] = []
    steps = [f"step-{number}" for number in range(12)]

    def program(run, _ctx):
        return [run(name, partial(noted, ran, name)) for name in steps]

    api = API(200, 400, 200, 200, 413, 200, 400)
    run = Checked(serve(colour, api, program, buffered_steps=2), f"app-{colour}", api=api).play()

    assert (run.status, run.output, ran) == ("completed", steps, steps)


def noted(ran, name):
    ran.append(name)
    return name


class Checked(Played):
    """A run whose server knows of what was saved on the way."""

    def __init__(self, handler, function_id, api) -> None:
        super().__init__(handler, function_id, ids=IDS)
        self.api = api

    def _ask(self, job):
        response = super()._ask(job)
        for ops in self.api.saved:
            for op in ops:
                self.steps.setdefault(op["id"], {"data": op["data"]})
                if op["id"] not in self.stack:
                    self.stack.append(op["id"])
        self.api.saved.clear()
        return response


@pytest.mark.parametrize("colour", COLOURS)
def test_a_step_that_fails_after_results_that_cannot_be_saved_is_planned_anew(colour):
    def program(run, _ctx):
        return [run("a"), run("b"), run("c", fail)]

    response = answer(serve(colour, API(400), program, buffered_steps=10), colour)

    assert names(json.loads(response.body)) == [("StepRun", "a"), ("StepRun", "b"), ("StepPlanned", "c")]
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("colour", COLOURS)
def test_a_function_that_fails_after_results_that_cannot_be_saved_is_asked_for_once(colour):
    handler = serve(colour, API(400), ending_in_an_error, buffered_steps=10)

    status, ops = ask(handler, colour)

    assert (status, names(ops)) == (206, [("StepRun", "a"), ("StepRun", "b"), ("Sleep", "resume")])

    resumed = ask(handler, colour, steps=memos(ops), stack=[ops[2]["id"], ops[0]["id"], ops[1]["id"]])
    assert (resumed[0], resumed[1]["message"]) == (500, "no")


@pytest.mark.parametrize("colour", COLOURS)
def test_the_sleep_that_resumes_a_run_is_no_change_of_the_order_of_steps(colour, caplog):
    caplog.set_level(logging.WARNING, logger="inngest_py")
    handler = serve(colour, API(400), ending_in_an_error, buffered_steps=10)
    _, ops = ask(handler, colour)
    caplog.clear()

    status, body = ask(handler, colour, steps=memos(ops), stack=[ops[0]["id"], ops[2]["id"], ops[1]["id"]])

    assert (status, body["message"]) == (500, "no")
    assert not [record for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("colour", COLOURS)
def test_large_results_are_saved_before_there_are_many(colour, monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST_BUFFERED", 1000)
    api = API()

    def program(run, _ctx):
        return [run(name, lambda: "x" * 600) for name in "abcde"]

    ask(serve(colour, api, program, buffered_steps=100), colour)

    assert api.names == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(("saved", "said"), [(200, "result"), (400, "operations")])
def test_no_answer_is_larger_than_servers_take(colour, saved, said, monkeypatch):
    monkeypatch.setattr(run, "MAX_REPLY", 100_000)

    def program(run, _ctx):
        return [run("a", lambda: "x" * 30_000), run("b", lambda: "y" * 30_000)]

    status, body = ask(serve(colour, API(saved), program, buffered_steps=100), colour)

    if said == "result":
        assert (status, [len(part) for part in body]) == (200, [30_000, 30_000])
    else:
        assert (status, names(body)) == (206, [("StepRun", "a"), ("StepRun", "b"), ("Sleep", "resume")])


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("number", [1152921504606846977, -(2**60) - 1, 1.0, 1e21])
def test_a_number_is_at_once_what_it_will_be_when_a_server_gives_it_back(colour, number, caplog):
    caplog.set_level(logging.WARNING, logger="inngest_py")

    def program(run, _ctx):
        return [repr(run("a", lambda: {"n": number})["n"])] if colour == "plain" else [("a", lambda: {"n": number})]

    _, body = ask(serve(colour, API(), program), colour)

    first = body[0] if colour == "plain" else repr(body[0]["n"])
    assert first == repr(decode(canonical(number)))
    warned = [record.getMessage() for record in caplog.records if "2^53" in record.getMessage()]
    assert len(warned) == (number != decode(canonical(number)))
    assert all(str(number) in message for message in warned)


def test_arguments_are_not_shown_where_an_answer_would_be_too_large(monkeypatch):
    monkeypatch.setattr(run, "MAX_REPLY", 20_000)
    client = make_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        text = "x" * 15_000
        return ctx.group.parallel([partial(ctx.step.run, f"step-{n}", len, text) for n in range(2)])

    _, ops = ask(Handler(client, framework="test"), "plain")

    assert [(op["op"], op["opts"]) for op in ops] == [("StepPlanned", None)] * 2


def ending_in_an_error(step, _ctx):
    return [step("a"), step("b"), no() if _ctx else ("raise", None)]


def no():
    raise ValueError("no")


def fail():
    raise RetryAfterError("later", retry_after="1h")


def memos(ops):
    return {op["id"]: None if op["op"] == "Sleep" else {"data": op["data"]} for op in ops}


def answer(handler, colour, **ctx):
    request = call_request(f"app-{colour}", **IDS | ctx)
    return handler.handle(request) if colour == "plain" else asyncio.run(handler.ahandle(request))


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    net: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def gross(self) -> int:
        return self.net * 2


def test_a_model_that_computes_fields_and_forbids_others_comes_back():
    client = make_client(checkpointing=False)

    def make() -> Order:
        return Order(net=1)

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return ctx.step.run("make", make)

    handler = Handler(client, framework="test")
    _, ops = ask(handler, "plain")

    assert ops[0]["data"] == {"net": 1}
    assert ask(handler, "plain", steps=memos(ops)) == (200, {"net": 1, "gross": 2})


@pytest.mark.parametrize("colour", COLOURS)
def test_an_api_that_does_not_answer_is_left_alone_for_a_minute(colour, monkeypatch):
    monkeypatch.setattr(saving, "_FIRST_PAUSE", 0)
    asked: list[httpx.Request] = []

    def silent(request):
        asked.append(request)
        raise httpx.ConnectTimeout("no answer")

    clock = Clock()
    handler = serve(colour, silent, abc, clock)

    for now, count in ((0, 3), (1, 3), (59, 3), (60, 6)):
        clock.now = 1_700_000_000.0 + now
        status, ops = ask(handler, colour)

        assert (status, names(ops)) == (206, [("StepRun", "a")])
        assert len(asked) == count


# Decisions ----------------------------------------------------------------------------------------------------------


def after(config, *, saved, plan=None, ran=("a",), last=Opcode.STEP_RUN):
    """Whether the function goes on after its last step, and what the plan then has to answer."""
    plan = plan or Plan(Memory({}))
    kinds = [*[Opcode.STEP_RUN] * (len(ran) - 1), last]
    plan.unsaved += [Op(kind, name, name, name, name) for kind, name in zip(kinds, ran, strict=True)]
    sent: list[list[str]] = []

    def save(ops):
        sent.append([op.id for op in ops])
        yield from ()
        return saved

    def never(effect):
        raise AssertionError(effect)

    goes_on = drive(Checkpointed(config, save, lambda: 0.0).after_step(plan), never)
    return goes_on, sent, [(op.op, op.id) for op in plan.unsaved]


def test_without_checkpoints_no_function_goes_on_and_nothing_is_saved():
    plan = Plan(Memory({}))

    assert drive(NO_CHECKPOINTS.after_step(plan), print) is False
    drive(NO_CHECKPOINTS.before_answer(plan), print)


@pytest.mark.parametrize("plan", [Plan(Memory({}), target="a"), Plan(Memory({}), immediate=False)])
def test_a_step_that_was_asked_for_is_answered_at_once(plan):
    assert after(Checkpointing(), saved=Saved.YES, plan=plan) == (False, [], [(Opcode.STEP_RUN, "a")])


FAILURES = {
    Saved.YES: [(Opcode.STEP_ERROR, "b")],
    Saved.NO: [(Opcode.STEP_RUN, "a"), (Opcode.STEP_PLANNED, "b")],
    Saved.STALE: [],
}


@pytest.mark.parametrize("saved", Saved)
def test_before_a_failure_is_answered_what_came_before_is_saved_or_answered_instead(saved):
    found = after(Checkpointing(buffered_steps=5), saved=saved, ran=("a", "b"), last=Opcode.STEP_ERROR)

    assert found == (False, [["a"]], FAILURES[saved])


def test_a_failure_that_comes_first_is_answered():
    found = after(Checkpointing(), saved=Saved.YES, last=Opcode.STEP_FAILED)

    assert found == (False, [], [(Opcode.STEP_FAILED, "a")])


@pytest.mark.parametrize(("saved", "goes_on"), [(Saved.YES, True), (Saved.NO, False), (Saved.STALE, False)])
def test_a_function_goes_on_where_its_step_was_saved(saved, goes_on):
    found = after(Checkpointing(), saved=saved)

    assert found == (goes_on, [["a"]], [(Opcode.STEP_RUN, "a")] if saved is Saved.NO else [])


@pytest.mark.parametrize("colour", COLOURS)
def test_a_single_result_that_cannot_be_saved_before_the_function_fails_is_the_answer(colour):
    def program(run, ctx):
        if ctx is None:
            return [("a", None), ("raise", None)]
        run("a")
        raise ValueError("no")

    status, ops = ask(serve(colour, API(400), program, buffered_steps=5), colour)

    assert (status, names(ops)) == (206, [("StepRun", "a")])
