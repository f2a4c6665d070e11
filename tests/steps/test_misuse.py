"""Steps that are called as they cannot be: the function fails and says what to write, in both colours."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from inngest_py import Context, ContextSync, Handler, ParallelMode, StepOptions, TriggerEvent, UsageError, ai
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
DRIVERS = pytest.mark.parametrize("driver", ["handle", "ahandle"])


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def hashed(step_id: str) -> str:
    return hashlib.sha1(step_id.encode()).hexdigest()


def declare(client, call):
    """One function in each colour, that does one thing with its context."""

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return call(ctx)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        value = call(ctx)
        return await value if asyncio.iscoroutine(value) else value


def ask(client, colour, driver="handle", **call):
    """The status and the decoded body of one call."""
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", **call)
    response = handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))
    return response.status, json.loads(response.body), response.headers


def answer(colour, call, driver="handle", **ctx):
    client = make_client()
    declare(client, call)
    return ask(client, colour, driver, **ctx)


def refused(colour, call):
    """What the function fails with, for good."""
    status, error, headers = answer(colour, call)
    assert (status, headers.get("x-inngest-no-retry")) == (500, "true"), error
    return f"{error['name']}: {error['message']}"


# What steps are given ----------------------------------------------------------------------------------------------

MODEL = ai.openai(model="gpt-5", auth_key="key")
FAR = datetime(2999, 1, 1, tzinfo=UTC)

GIVEN: dict[str, Any] = {
    'ConfigError: step.fetch("s"): 5 is not an http or https URL': lambda ctx: ctx.step.fetch("s", 5),
    "ConfigError: step.fetch(\"s\"): 'http://[' is not an http": lambda ctx: ctx.step.fetch("s", "http://["),
    'ConfigError: step.fetch("s"): method=None must be': lambda ctx: ctx.step.fetch("s", "http://x", method=None),
    "ConfigError: step.fetch(\"s\"): headers={'a': 5} must": lambda c: c.step.fetch("s", "http://x", headers={"a": 5}),
    'ConfigError: step.ai.infer("s"): adapter=None must be': lambda c: c.step.ai.infer("s", adapter=None, body={}),
    "ConfigError: step.ai.infer(\"s\"): body='x' must be": lambda c: c.step.ai.infer("s", adapter=MODEL, body="x"),
    'UsageError: step.send_event("s") takes Events, not a dict': lambda c: c.step.send_event("s", {"name": "a"}),
    'UsageError: step.send_event("s") takes Events, not a str': lambda c: c.step.send_event("s", ["a"]),
    'UsageError: step.send_event("s") takes Events, not a int': lambda c: c.step.send_event("s", 5),
    'ConfigError: step.sleep_until("s"): 2999-01-01T00:00:00.000Z is more': lambda c: c.step.sleep_until("s", FAR),
    'ConfigError: step.invoke("s"): data=[1] must be a JSON object': lambda c: c.step.invoke_by_id(
        "s", function_id="other", data=[1]
    ),
    'ConfigError: step.invoke("s"): data=5 must be a JSON object': lambda c: c.step.invoke_by_id(
        "s", function_id="other", data=5
    ),
    "ConfigError: '\\ud800' is not a step id or a name": lambda c: c.step.run("\ud800", print),
    "ConfigError: '\\udfff' is not a step id or a name": lambda c: c.step.run(StepOptions("s", "\udfff"), print),
    'ConfigError: step "s": name=5 must be a string': lambda c: c.step.run(StepOptions("s", 5), print),  # type: ignore[arg-type]
    "UsageError: group.parallel: mode='all' must be": lambda c: c.group.parallel((print,), mode="all"),
    "UsageError: group.parallel: mode=None must be": lambda c: c.group.parallel((print,), mode=None),
    "UsageError: group.parallel: mode=5 must be": lambda c: c.group.parallel((print,), parallel_mode=5),
}


@COLOURS
@pytest.mark.parametrize("said", GIVEN)
def test_a_step_that_is_given_what_cannot_work_says_what_it_was_given(colour, said):
    assert refused(colour, GIVEN[said]).startswith(said)


@COLOURS
def test_a_step_may_sleep_for_the_longest_time_that_servers_take(colour):
    moment = datetime.now(UTC) + timedelta(days=366)

    assert answer(colour, lambda ctx: ctx.step.sleep_until("s", moment))[0] == 206


@COLOURS
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("wait", [None, None]),
        (ParallelMode.WAIT, [None, None]),
        ("race", [{"parallelMode": "race"}] * 2),
        (ParallelMode.RACE, [{"parallelMode": "race"}] * 2),
    ],
)
@pytest.mark.parametrize("name", ["mode", "parallel_mode"])
def test_the_mode_of_a_group_may_be_said_by_its_name(colour, mode, told, name):
    def call(ctx):
        return ctx.group.parallel((lambda: ctx.step.run("a", dict), lambda: ctx.step.run("b", dict)), **{name: mode})

    _, ops, _ = answer(colour, call)

    assert [op["opts"] for op in ops] == told


@COLOURS
def test_a_single_step_of_a_race_is_planned_for_it_may_be_running_elsewhere(colour):
    _, ops, _ = answer(colour, lambda ctx: ctx.group.parallel((lambda: ctx.step.run("a", dict),), mode="race"))

    assert [op["op"] for op in ops] == ["StepPlanned"]


@COLOURS
@pytest.mark.parametrize("target", [False, True])
def test_more_steps_at_once_than_servers_take_are_refused_with_how_many_there_are(colour, target):
    client = make_client()
    ran: list[int] = []

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.group.parallel([partial(ctx.step.run, f"s{n}", ran.append, n) for n in range(1001)])

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await asyncio.gather(*(ctx.step.run(f"s{n}", ran.append, n) for n in range(1001)))

    status, body, headers = ask(client, colour, **({"target": hashed("s7")} if target else {}))

    if target:
        assert (status, ran) == (206, [7])
        return
    assert (status, headers["x-inngest-no-retry"], ran) == (500, "true", [])
    assert body["message"].startswith("the function asks for 1001 steps at once, and servers take 1000, which is also")


@COLOURS
def test_as_many_steps_at_once_as_servers_take_are_reported(colour):
    client = make_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.group.parallel([partial(ctx.step.sleep, f"s{n}", "1h") for n in range(1000)])

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await asyncio.gather(*(ctx.step.sleep(f"s{n}", "1h") for n in range(1000)))

    status, ops, _ = ask(client, colour)

    assert (status, len(ops)) == (206, 1000)


# Where steps are called --------------------------------------------------------------------------------------------


class Kept:
    """A context that outlives its function, which has one step behind it and ends, or waits for another one."""

    def __init__(self, colour, *, ends):
        self.client, self.colour = make_client(), colour
        self.ran: list[int] = []
        self.ctx: Any = None

        @self.client.create_function(fn_id="plain", trigger=TRIGGER)
        def plain(ctx: ContextSync):
            self.ctx = ctx
            ctx.step.run("known", dict)
            if not ends:
                ctx.step.sleep("nap", "1h")

        @self.client.create_function(fn_id="coroutine", trigger=TRIGGER)
        async def coroutine(ctx: Context):
            self.ctx = ctx
            await ctx.step.run("known", dict)
            if not ends:
                await ctx.step.sleep("nap", "1h")

        assert ask(self.client, colour, steps={hashed("known"): {"data": {}}})[0] == (200 if ends else 206)

    def call(self, step_id):
        step = self.ctx.step.run(step_id, self.ran.append, 1)
        if self.colour == "plain":
            return step
        return asyncio.run(asyncio.wait_for(step, 5))


@COLOURS
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("step_id", ["new", "nap"])
def test_a_step_after_the_end_of_its_function_is_refused_and_nothing_runs(colour, ends, step_id):
    kept = Kept(colour, ends=ends)

    with pytest.raises(UsageError, match=f'step "{step_id}" is called after its function has ended'):
        kept.call(step_id)
    assert kept.ran == []


def test_what_a_function_has_left_behind_ends_quietly_when_the_run_goes_on_elsewhere(caplog):
    ended: list[BaseException | None] = []
    client, late = make_client(), asyncio.Event()

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def straggler():
            await late.wait()
            await ctx.step.run("too-late", dict)

        task = asyncio.create_task(straggler())
        task.add_done_callback(lambda done: ended.append(None if done.cancelled() else done.exception()))
        await ctx.step.sleep("nap", "1h")

    async def call():
        response = await Handler(client, framework="test").ahandle(call_request("app-coroutine"))
        late.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return response

    assert asyncio.run(call()).status == 206
    assert ended == [None]


@COLOURS
def test_a_step_in_a_thread_that_a_step_has_started_is_refused(colour):
    caught: list[BaseException] = []

    def in_a_thread(ctx):
        def call():
            try:
                step = ctx.step.run("inner", dict)
                if asyncio.iscoroutine(step):
                    asyncio.run(asyncio.wait_for(step, 5))
            except BaseException as error:
                caught.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    status, ops, _ = answer(colour, lambda ctx: ctx.step.run("outer", in_a_thread, ctx))

    assert (status, [op["op"] for op in ops]) == (206, ["StepRun"])
    assert [type(error) for error in caught] == [UsageError]


def test_a_step_on_another_event_loop_is_refused():
    client = make_client()

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        step: Any = ctx.step.run("elsewhere", int)
        return await asyncio.to_thread(lambda: asyncio.run(asyncio.wait_for(step, 5)))

    _, error, _ = ask(client, "coroutine")

    assert error["message"].startswith('step "elsewhere" is awaited on another event loop than its function')


# What steps and functions raise ------------------------------------------------------------------------------------


@COLOURS
@DRIVERS
@pytest.mark.parametrize("place", ["function", "step", "group"])
@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), GeneratorExit(), BaseExceptionGroup("all", [KeyboardInterrupt()])], ids=repr
)
def test_what_is_no_exception_for_users_is_an_error_all_the_same(colour, driver, place, error):
    def fail():
        raise error

    def call(ctx):
        return {
            "function": fail,
            "step": lambda: ctx.step.run("s", fail),
            "group": lambda: ctx.group.parallel((fail,)),
        }[place]()

    status, body, headers = answer(colour, call, driver)

    assert (status, body["name"]) == (500, type(error).__name__)
    assert "x-inngest-no-retry" not in headers


@DRIVERS
@COLOURS
def test_a_step_may_give_what_can_be_walked(colour, driver):
    def walk():
        yield from (1, 2)

    _, ops, _ = answer(colour, lambda ctx: ctx.step.run("s", walk), driver)

    assert [(op["op"], op["data"]) for op in ops] == [("StepRun", [1, 2])]


class Promise:
    """Something to await that is no coroutine."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "kept"


@DRIVERS
@COLOURS
def test_a_step_may_give_anything_that_can_be_awaited(colour, driver):
    _, ops, _ = answer(colour, lambda ctx: ctx.step.run("s", Promise), driver)

    assert [(op["op"], op["data"]) for op in ops] == [("StepRun", "kept")]


class Undecided(Exception):  # noqa: N818
    def __bool__(self):
        raise TypeError("neither")


@COLOURS
def test_a_step_may_raise_what_is_neither_true_nor_false(colour):
    def fail():
        raise Undecided("inner")

    def wrapped():
        try:
            fail()
        except Undecided as error:
            raise ValueError("outer") from error

    _, ops, _ = answer(colour, lambda ctx: ctx.step.run("s", fail))
    assert (ops[0]["op"], ops[0]["error"]["name"]) == ("StepError", "Undecided")

    _, ops, _ = answer(colour, lambda ctx: ctx.step.run("s", wrapped))
    assert ops[0]["error"]["cause"]["name"] == "Undecided"


# A changed order ---------------------------------------------------------------------------------------------------


def disorder(caplog, colour, order, asked, *, known=("a", "b")):
    """What the log says where the memos came in one order and are asked for in another."""
    client = make_client()

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        for step_id in asked:
            ctx.step.run(step_id, dict)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        for step_id in asked:
            await ctx.step.run(step_id, dict)

    caplog.clear()
    caplog.set_level(logging.WARNING, logger="inngest_py")
    steps: dict[str, Any] = {hashed(step_id): {"data": {}} for step_id in known}
    ask(client, colour, steps=steps, stack=[hashed(step_id) for step_id in order])
    return [record.getMessage().partition(": was it")[0] for record in caplog.records]


@COLOURS
def test_a_changed_order_is_warned_of_by_name_if_the_step_is_met_later(colour, caplog):
    assert disorder(caplog, colour, ["a", "b"], ["b", "a"]) == [
        f'inngest: function app-{colour}: the next completed step is "a", but the function asks for "b"'
    ]


@COLOURS
def test_a_step_that_is_not_met_any_more_is_known_by_its_hash(colour, caplog):
    assert disorder(caplog, colour, ["a", "b"], ["b"]) == [
        f'inngest: function app-{colour}: the next completed step is {hashed("a")}, but the function asks for "b"'
    ]


@COLOURS
def test_a_further_use_of_an_id_is_known_by_its_number(colour, caplog):
    found = disorder(caplog, colour, ["a:1", "a"], ["a", "a"], known=("a", "a:1"))

    assert found == [
        f'inngest: function app-{colour}: the next completed step is "a" (number 2), but the function asks for "a"'
    ]


@COLOURS
@pytest.mark.parametrize(("order", "asked"), [(["a", "b"], ["a", "b"]), ([], ["b", "a"]), (["a"], ["b", "a"])])
def test_an_order_that_is_met_or_not_known_is_not_warned_of(colour, caplog, order, asked):
    assert disorder(caplog, colour, order, asked) == []


@COLOURS
def test_steps_of_a_group_may_be_completed_in_any_order(colour, caplog):
    client = make_client()

    def call(ctx):
        calls = tuple(lambda n=n: ctx.step.run(n, dict) for n in "abc")
        return ctx.group.parallel(calls)

    declare(client, call)
    caplog.set_level(logging.WARNING, logger="inngest_py")
    steps: dict[str, Any] = {hashed(step_id): {"data": {}} for step_id in "cab"}

    assert ask(client, colour, steps=steps)[0] == 200
    assert caplog.records == []


# Edited arguments --------------------------------------------------------------------------------------------------


@COLOURS
@pytest.mark.parametrize("given", ["xyz", {"a": 1}, None, 5])
def test_edited_input_that_is_no_list_is_left_alone(colour, given):
    def call(ctx):
        return ctx.step.run("s", lambda *args: list(args), 1, 2)

    _, ops, _ = answer(colour, call, steps={hashed("s"): {"input": given}})

    assert [(op["op"], op["data"]) for op in ops] == [("StepRun", [1, 2])]


@COLOURS
def test_a_run_that_uses_a_kept_generator_ends(colour):
    client = make_client()
    declare(client, lambda ctx: ctx.step.run("s", lambda: (n for n in range(3))))

    assert play(client, colour).output == [0, 1, 2]


@COLOURS
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda ctx: ctx.step.run("s", 5), 'step "s" needs a function to call, not a int'),
        (lambda ctx: ctx.step.run("s", asyncio.sleep(0)), 'step "s" needs a function to call, not a coroutine'),
        (lambda ctx: ctx.group.parallel(ctx.step.run), "group.parallel takes a tuple of functions"),
        (lambda ctx: ctx.group.parallel((5,)), "group.parallel takes functions without arguments, not int"),
        (lambda ctx: ctx.group.parallel((asyncio.sleep(0),)), "takes functions without arguments, not coroutine"),
    ],
)
def test_what_was_called_already_or_cannot_be_called_is_refused(colour, call, said):
    assert said in refused(colour, call)


@COLOURS
def test_a_result_of_the_function_that_is_no_json_fails_for_good(colour):
    assert refused(colour, lambda _ctx: object()).startswith("UnserializableError: cannot be written as JSON: at $")
