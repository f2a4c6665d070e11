"""Middleware: hooks around a call, in any colour, first registered outermost."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging

import httpx
import pytest

from inngest_py import Context, ContextSync, Event, Handler, Middleware, SendEventsError, StepError, TriggerEvent
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def recorder(name, log):
    """A middleware that writes down its plain hooks."""

    class Recorder(Middleware):
        def transform_input(self, ctx, function, steps):
            log.append(f"{name} input {steps.size}")

        def before_execution(self):
            log.append(f"{name} before")

        def transform_step(self, step):
            log.append(f"{name} step {step.id}")

        def before_step(self, step):
            log.append(f"{name} before {step.id}")

        def after_step(self, step, result):
            log.append(f"{name} after {step.id}")

        def transform_output(self, result):
            log.append(f"{name} output {result.step.id if result.step else 'function'}")

        def after_execution(self):
            log.append(f"{name} after")

        def before_response(self):
            log.append(f"{name} response")

    return Recorder


def declare(client, **options):
    @client.create_function(fn_id="plain", trigger=TRIGGER, **options)
    def plain(ctx: ContextSync):
        return [ctx.step.run("a", lambda: 1), ctx.step.run("b", lambda: 2)]

    @client.create_function(fn_id="coroutine", trigger=TRIGGER, **options)
    async def coroutine(ctx: Context):
        return [await ctx.step.run("a", lambda: 1), await ctx.step.run("b", lambda: 2)]


COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])


@COLOURS
def test_the_first_registered_is_outermost(colour):
    log: list[str] = []
    client = make_client(middleware=[recorder("one", log)])
    declare(client, middleware=[recorder("two", log)])

    Handler(client, framework="test").handle(call_request(f"app-{colour}"))

    assert log == [
        *["one input 0", "two input 0", "one before", "two before", "one step a", "two step a"],
        *["one before a", "two before a", "two after a", "one after a", "two output a", "one output a"],
        *["two after", "one after", "two response", "one response"],
    ]


@COLOURS
def test_a_step_that_is_known_is_not_executed_and_the_functions_output_is_shown(colour):
    log: list[str] = []
    client = make_client(middleware=[recorder("one", log)])
    declare(client)

    run = play(client, colour)

    assert run.output == [1, 2]
    assert log[-5:] == ["one input 2", "one before", "one after", "one output function", "one response"]


@COLOURS
@pytest.mark.parametrize("driver", ["handle", "ahandle"])
def test_plain_and_async_hooks_mix_with_plain_and_async_functions_under_either_driver(colour, driver):
    seen = []

    class Mixed(Middleware):
        async def before_execution(self):
            await asyncio.sleep(0)
            seen.append("async")

        def after_execution(self):
            seen.append("plain")

        async def transform_output(self, result):
            await asyncio.sleep(0)
            result.output = {"wrapped": result.output}

    client = make_client(middleware=[Mixed])
    declare(client)
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}")

    response = handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))

    assert json.loads(response.body)[0]["data"] == {"wrapped": 1}
    assert seen == ["async", "plain"]


class Upside(Middleware):
    """Stores text upside down, and turns it again on the way back."""

    def transform_output(self, result):
        result.output = f"{result.output}"[::-1]

    def transform_memo(self, step, memo):
        if isinstance(memo.data, str):
            memo.data = memo.data[::-1]


@COLOURS
def test_what_is_stored_may_differ_from_what_the_function_sees(colour):
    client = make_client(middleware=[Upside])
    seen = []

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        seen.append(ctx.step.run("a", lambda: "abc"))
        return "end"

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        seen.append(await ctx.step.run("a", lambda: "abc"))
        return "end"

    run = play(client, colour)

    assert (run.ops[0]["data"], seen, run.output) == ("cba", ["abc"], "dne")


@COLOURS
def test_steps_and_their_arguments_may_be_changed(colour):
    class Change(Middleware):
        def transform_step(self, step):
            step.args = (step.args[0] + 1,)
            step.opts["tag"] = "changed"

    client = make_client(middleware=[Change])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", lambda number: number, 1)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await ctx.step.run("a", lambda number: number, 1)

    run = play(client, colour)

    assert (run.output, run.ops[0]["opts"]["tag"]) == (2, "changed")


@COLOURS
def test_what_the_server_is_told_of_a_step_may_be_less(colour):
    class Silent(Middleware):
        def transform_step(self, step):
            step.opts.pop("input", None)

    client = make_client(middleware=[Silent])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", lambda number: number, 1)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await ctx.step.run("a", lambda number: number, 1)

    run = play(client, colour)

    assert (run.output, run.ops[0]["opts"]) == (1, None)


def test_the_input_may_be_changed_and_things_be_put_into_the_context():
    class Inject(Middleware):
        def transform_input(self, ctx, function, steps):
            ctx.event = dataclasses.replace(ctx.event, data={"secret": "told"})
            ctx.events = [ctx.event]
            ctx.extra["database"] = "db"
            for memo in steps.values():
                memo.data += 1

    client = make_client(middleware=[Inject])

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return [ctx.event.data, ctx.extra, ctx.step.run("a", lambda: 1)]

    assert play(client, "fn").output == [{"secret": "told"}, {"database": "db"}, 2]


@COLOURS
def test_the_error_of_a_stored_step_is_shown_too_and_may_be_changed(colour):
    class Hide(Middleware):
        def transform_memo(self, step, memo):
            if memo.error:
                memo.error = {"name": "Hidden", "message": "hidden"}

    client = make_client(middleware=[Hide])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", lambda: 1 / 0)
        except StepError as error:
            return str(error)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        try:
            await ctx.step.run("a", lambda: 1 / 0)
        except StepError as error:
            return str(error)

    assert play(client, colour).output == "Hidden: hidden"


@pytest.mark.parametrize("hook", ["before_step", "after_step", "transform_output"])
def test_a_hook_that_raises_around_a_step_is_the_steps_error(hook):
    def fail(*_args):
        raise ValueError("the hook failed")

    client = make_client(middleware=[type("Failing", (Middleware,), {hook: fail})])
    declare(client)

    response = Handler(client, framework="test").handle(call_request("app-plain"))

    assert json.loads(response.body)[0]["error"]["message"] == "the hook failed"


@pytest.mark.parametrize("hook", ["transform_input", "before_execution", "transform_step"])
def test_a_hook_that_raises_around_the_function_is_the_functions_error(hook):
    def fail(*_args):
        raise ValueError("the hook failed")

    client = make_client(middleware=[type("Failing", (Middleware,), {hook: fail})])

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.sleep("nap", "1m")

    response = Handler(client, framework="test").handle(call_request("app-fn"))

    assert (response.status, json.loads(response.body)["message"]) == (500, "the hook failed")


def test_a_hook_that_raises_after_a_step_ran_is_logged_and_the_steps_result_is_kept(caplog):
    class Failing(Middleware):
        def after_execution(self):
            raise ValueError("the hook failed")

    client = make_client(middleware=[Failing])
    declare(client)

    with caplog.at_level(logging.ERROR, logger="inngest_py"):
        response = Handler(client, framework="test").handle(call_request("app-plain"))

    assert (response.status, json.loads(response.body)[0]["data"]) == (206, 1)
    assert "the hook failed" in caplog.text


class Events(Middleware):
    log: list = []

    async def before_send_events(self, events):
        events[:] = [dataclasses.replace(event, data={**event.data, "seen": True}) for event in events]

    def after_send_events(self, result):
        self.log.append((result.ids, result.error))


def sending_client(status, body):
    sent = []

    def answer(request):
        sent.extend(json.loads(request.content))
        return httpx.Response(status, json=body)

    client = make_client(middleware=[Events], http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    return client, sent


def test_events_may_be_changed_before_they_are_sent_and_the_callers_stay_as_they_are():
    Events.log = []
    client, sent = sending_client(200, {"ids": ["1"], "status": 200})
    event = Event(name="a", data={"k": 1})

    client.send_sync(event)
    client.send_sync([event], skip_middleware=True)

    assert [one["data"] for one in sent] == [{"k": 1, "seen": True}, {"k": 1}]
    assert (event.data, Events.log) == ({"k": 1}, [(["1"], None)])


def test_a_failed_send_is_told_to_the_middleware_too():
    Events.log = []
    client, _ = sending_client(400, {"ids": [], "status": 400, "error": "no"})

    with pytest.raises(SendEventsError):
        client.send_sync(Event(name="a"))

    assert [error for _, error in Events.log] == ["the event API answered with status 400: no"]


@COLOURS
def test_a_swallowed_interrupt_is_warned_of_once_with_its_line(colour, caplog):
    client = make_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", lambda: 1)
        except BaseException:
            return "swallowed"

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        try:
            await ctx.step.run("a", lambda: 1)
        except BaseException:
            return "swallowed"

    with caplog.at_level(logging.WARNING, logger="inngest_py"):
        response = Handler(client, framework="test").handle(call_request(f"app-{colour}"))

    assert json.loads(response.body)[0]["op"] == "StepRun"
    assert len(caplog.messages) == 1
    assert "test_middleware.py:" in caplog.messages[0]


def test_a_changed_order_is_warned_of_once(caplog):
    client = make_client()
    declare(client)
    memos = {"gone": {"data": 1}, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8": {"data": 1}}

    with caplog.at_level(logging.WARNING, logger="inngest_py"):
        Handler(client, framework="test").handle(call_request("app-coroutine", steps=memos))

    assert len(caplog.messages) == 1
    assert 'the function asks for "a"' in caplog.messages[0]
