"""What the hooks promise that shipped middleware stands on: order, context, attempts, errors, and time to think."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import pytest

from inngest_py import Context, ContextSync, Handler, Middleware, NonRetriableError, TriggerEvent
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
DRIVERS = pytest.mark.parametrize("driver", ["handle", "ahandle"])

place: ContextVar[str] = ContextVar("place", default="outside")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def declare(client, handler):
    """One function in each colour, with one step."""

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", handler)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await ctx.step.run("a", handler)


def answer(client, colour, driver="handle", **call):
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", **call)
    return handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))


@contextlib.contextmanager
def at(name, log):
    token = place.set(name)
    try:
        yield
    finally:
        place.reset(token)
        log.append(f"left {name}")


def places(log):
    class Places(Middleware):
        def around_call(self, ctx, function):
            return at("call", log)

        def around_step(self, step):
            return at("step", log)

    return Places


@COLOURS
@DRIVERS
def test_what_is_set_around_a_call_or_a_step_is_seen_inside_and_nowhere_else(colour, driver):
    log: list[Any] = []
    seen: list[Any] = []
    client = make_client(middleware=[places(log)])
    declare(client, lambda: seen.append(place.get()))

    answer(client, colour, driver)

    assert seen == ["step"]
    assert log == ["left step", "left call"]
    assert place.get() == "outside"


@COLOURS
@DRIVERS
def test_the_function_itself_sees_what_is_set_around_the_call(colour, driver):
    seen: list[Any] = []
    client = make_client(middleware=[places([])])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        seen.append(place.get())

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        seen.append(place.get())

    answer(client, colour, driver)

    assert (seen, place.get()) == (["call"], "outside")


@COLOURS
def test_a_call_is_left_also_when_the_step_that_it_asks_for_is_not_there(colour):
    log: list[Any] = []
    client = make_client(middleware=[places(log)])
    declare(client, lambda: 1)

    response = answer(client, colour, target="0" * 40)

    assert (response.status, log) == (500, ["left call"])


def test_a_step_is_left_also_when_its_caller_is_cancelled():
    log: list[Any] = []
    client = make_client(middleware=[places(log)])

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        started = asyncio.Event()

        async def wait():
            started.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(ctx.step.run("a", wait))
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        log.append(f"went on {place.get()}")

    answer(client, "coroutine", "ahandle")

    assert log == ["left step", "went on call", "left call"]


@COLOURS
def test_a_hook_around_the_call_that_raises_is_the_functions_error_and_the_outer_ones_are_left(colour):
    log: list[Any] = []

    class Broken(Middleware):
        def around_call(self, ctx, function):
            raise ValueError("the hook failed")

    client = make_client(middleware=[places(log), Broken])
    declare(client, lambda: 1)

    response = answer(client, colour)

    assert (response.status, json.loads(response.body)["message"]) == (500, "the hook failed")
    assert log == ["left call"]


def reports(log):
    class Reports(Middleware):
        def transform_error(self, report):
            log.append((report.step.id if report.step else None, report.attempt, report.final, str(report.error)))

    return Reports


@COLOURS
def test_every_failed_attempt_of_a_step_is_shown_and_the_last_one_is_final(colour):
    log: list[Any] = []
    client = make_client(middleware=[reports(log)])
    declare(client, lambda: 1 / 0)

    play(client, colour, max_attempts=3)

    zero = "division by zero"
    function = [(None, 0, True, f"ZeroDivisionError: {zero}")]
    assert log == [("a", 0, False, zero), ("a", 1, False, zero), ("a", 2, True, zero), *function]


@COLOURS
def test_an_error_that_no_retry_can_help_is_final_at_once(colour):
    log: list[Any] = []
    client = make_client(middleware=[reports(log)])

    def refuse():
        raise NonRetriableError("no")

    declare(client, refuse)

    play(client, colour)

    assert log[0] == ("a", 0, True, "no")


@COLOURS
def test_what_the_server_is_told_of_an_error_may_be_changed_and_the_log_keeps_the_original(colour, caplog):
    class Hide(Middleware):
        def transform_error(self, report):
            report.failure = replace(report.failure, message="hidden", stack="", cause=None)

    client = make_client(middleware=[Hide])
    declare(client, lambda: 1 / 0)

    with caplog.at_level(logging.ERROR, logger="inngest_py"):
        run = play(client, colour, max_attempts=1)

    assert run.ops[0]["error"]["message"] == "hidden"
    assert "division by zero" not in json.dumps([run.ops, run.output])
    assert "division by zero" in caplog.text


@COLOURS
def test_a_hook_that_fails_at_an_error_replaces_it_and_tells_nothing_of_it(colour):
    class Broken(Middleware):
        def transform_error(self, report):
            raise ValueError("the hook failed")

    client = make_client(middleware=[Broken])

    def fail():
        raise RuntimeError("secret")

    declare(client, fail)

    run = play(client, colour, max_attempts=1)

    assert run.ops[0]["error"]["message"] == "the hook failed"
    assert "secret" not in json.dumps([run.ops, run.output])


@COLOURS
def test_a_step_knows_its_attempt(colour):
    log: list[Any] = []

    class Attempts(Middleware):
        def before_step(self, step):
            log.append((step.attempt, step.max_attempts))

    client = make_client(middleware=[Attempts])
    declare(client, lambda: 1)

    answer(client, colour, attempt=2)

    assert log == [(2, 4)]


@COLOURS
def test_what_was_stored_comes_back_through_the_outermost_first(colour):
    class Add(Middleware):
        def transform_output(self, result):
            result.output = f"{result.output}+1"

        def transform_memo(self, step, memo):
            memo.data = memo.data.removesuffix("+1")

    class Brackets(Middleware):
        def transform_output(self, result):
            result.output = f"[{result.output}]"

        def transform_memo(self, step, memo):
            memo.data = memo.data[1:-1]

    seen: list[Any] = []
    client = make_client(middleware=[Add, Brackets])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        seen.append(ctx.step.run("a", lambda: "x"))
        return ""

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        seen.append(await ctx.step.run("a", lambda: "x"))
        return ""

    run = play(client, colour)

    assert (run.ops[0]["data"], seen) == ("[x]+1", ["x"])


def test_arguments_that_somebody_edited_may_be_changed_before_the_step_has_them():
    class Double(Middleware):
        def transform_input(self, ctx, function, steps):
            for edited in steps.edited_inputs():
                edited.args = [2 * arg for arg in edited.args]

    client = make_client(middleware=[Double])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", lambda number: number, 1)

    steps = {"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8": {"input": [21]}}
    response = answer(client, "plain", steps=steps, stack=[])

    assert json.loads(response.body)[0]["data"] == 42


@COLOURS
def test_a_hook_that_fails_when_the_reply_is_known_is_logged_and_the_reply_is_sent(colour, caplog):
    class Broken(Middleware):
        def before_response(self):
            raise ValueError("the hook failed")

    client = make_client(middleware=[Broken])
    declare(client, lambda: 1)

    with caplog.at_level(logging.ERROR, logger="inngest_py"):
        response = answer(client, colour)

    assert (response.status, json.loads(response.body)[0]["data"]) == (206, 1)
    assert "the hook failed" in caplog.text


@COLOURS
def test_what_is_around_a_call_may_fail_when_it_is_left_and_the_reply_is_sent(colour, caplog):
    class Broken(Middleware):
        @contextlib.contextmanager
        def around_call(self, ctx, function):
            yield
            raise ValueError("the hook failed")

    log: list[Any] = []
    client = make_client(middleware=[Broken, places(log)])
    declare(client, lambda: 1)

    with caplog.at_level(logging.ERROR, logger="inngest_py"):
        response = answer(client, colour)

    assert (response.status, json.loads(response.body)[0]["data"]) == (206, 1)
    assert log == ["left step", "left call"]
    assert "the hook failed" in caplog.text


@COLOURS
def test_what_is_around_a_step_may_fail_when_it_is_left_and_the_result_is_sent(colour):
    class Broken(Middleware):
        @contextlib.contextmanager
        def around_step(self, step):
            yield
            raise ValueError("the hook failed")

    client = make_client(middleware=[Broken])
    declare(client, lambda: 1)

    response = answer(client, colour)

    assert [(op["op"], op["data"]) for op in json.loads(response.body)] == [("StepRun", 1)]


@COLOURS
def test_what_a_function_does_after_it_was_stopped_is_shown_to_no_hook(colour):
    log: list[Any] = []

    class Outputs(Middleware):
        def transform_output(self, result):
            log.append(result.output)

    client = make_client(middleware=[Outputs])

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

    answer(client, colour)

    assert log == [1]


class Slow(Middleware):
    """Thinks for many turns of the loop about one of the steps."""

    async def transform_step(self, step):
        for _ in range(100 if step.id == "a" else 0):
            await asyncio.sleep(0)

    async def transform_memo(self, step, memo):
        for _ in range(100 if step.id == "a" else 0):
            await asyncio.sleep(0)


def test_steps_in_parallel_are_reported_together_however_long_a_hook_thinks_about_one():
    client = make_client(middleware=[Slow])

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await asyncio.gather(ctx.step.run("a", lambda: 1), ctx.step.run("b", lambda: 2))

    run = play(client, "coroutine")

    assert {op["displayName"] for op in json.loads(run.replies[0].body)} == {"a", "b"}
    assert run.output == [1, 2]


def test_a_race_ends_as_it_did_however_long_a_hook_thinks_about_the_winner():
    client = make_client(middleware=[Slow])
    order: list[str] = []

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def branch(name):
            await ctx.step.run(name, lambda: name)
            order.append(name)

        order.clear()
        await asyncio.gather(branch("b"), branch("a"))

    names = {"a": "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "b": "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"}
    answer(client, "coroutine", steps={names["a"]: {"data": "a"}, names["b"]: {"data": "b"}})

    assert order == ["a", "b"]


@COLOURS
def test_a_result_without_a_stated_type_is_warned_of_whatever_it_is_stored_as(colour, caplog):
    class Hide(Middleware):
        def transform_output(self, result):
            result.output = "hidden"

    @dataclass
    class Receipt:
        total: int

    client = make_client(middleware=[Hide])
    declare(client, lambda: Receipt(1))

    with caplog.at_level(logging.WARNING, logger="inngest_py"):
        answer(client, colour)

    assert "returns a Receipt" in caplog.text
