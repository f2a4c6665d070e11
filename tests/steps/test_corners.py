"""The corners of running a function step by step, in both colours."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio
import pytest

from inngest_py import (
    Backoff,
    Context,
    ContextSync,
    Handler,
    NonRetriableError,
    ParallelMode,
    Retries,
    RetryAfterError,
    StepError,
    StepOptions,
    TriggerEvent,
)
from played import Played, call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


@pytest.fixture
def client():
    return make_client()


def hashed(step_id: str) -> str:
    return hashlib.sha1(step_id.encode()).hexdigest()


def answer(client, fn_id="fn", **ctx):
    """The status and the decoded body of one call."""
    response = Handler(client, framework="test").handle(call_request(f"app-{fn_id}", **ctx))
    return response.status, json.loads(response.body), response.headers


def names(ops):
    return [(op["op"], op["displayName"]) for op in ops]


# Interrupts survive the user's code ---------------------------------------------------------------------------------


def test_finally_around_a_plain_step_neither_loses_it_nor_runs_the_clean_up_early(client):
    ran: list[str] = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        try:
            ctx.step.run("work", ran.append, "work")
        finally:
            ctx.step.run("clean-up", ran.append, "clean-up")

    run = play(client, "fn")

    assert ran == ["work", "clean-up"]
    assert names(run.ops) == [("StepRun", "work"), ("StepRun", "clean-up")]


def test_finally_around_an_async_step_neither_loses_it_nor_runs_the_clean_up_early(client):
    ran: list[str] = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        try:
            await ctx.step.run("work", ran.append, "work")
        finally:
            await ctx.step.run("clean-up", ran.append, "clean-up")

    run = play(client, "fn")

    assert ran == ["work", "clean-up"]
    assert names(run.ops) == [("StepRun", "work"), ("StepRun", "clean-up")]


def test_a_bare_except_around_a_plain_step_changes_nothing(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        try:
            value = ctx.step.run("work", lambda: 1)
        except:  # noqa: E722
            return "swallowed"
        return value

    assert play(client, "fn").output == 1


def test_suppressing_everything_around_an_async_step_changes_nothing(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        value = None
        with contextlib.suppress(BaseException):
            value = await ctx.step.run("work", lambda: 1)
            await ctx.step.sleep("nap", "1m")
        return value

    run = play(client, "fn")

    assert run.output == 1
    assert names(run.ops) == [("StepRun", "work"), ("Sleep", "nap")]


def test_a_return_in_finally_changes_nothing(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        value = None
        try:
            value = ctx.step.run("work", lambda: 1)
        finally:
            return value  # noqa: B012

    assert play(client, "fn").output == 1


def test_a_branch_that_swallows_its_interrupt_is_still_reported(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        def branch():
            with contextlib.suppress(BaseException):
                return ctx.step.run("one", lambda: 1)
            ctx.step.run("clean-up", lambda: 0)
            return None

        return ctx.group.parallel((branch, lambda: ctx.step.run("two", lambda: 2)))

    status, ops, _ = answer(client)

    assert status == 206
    assert names(ops) == [("StepPlanned", "one"), ("StepPlanned", "two")]


@pytest.mark.parametrize("together", ["gather", "task group"])
def test_a_step_in_finally_around_parallel_steps_is_no_sign_of_a_swallowed_interrupt(client, caplog, together):
    caplog.set_level(logging.WARNING, logger="inngest_py")
    done = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        async def both():
            if together == "gather":
                return await asyncio.gather(ctx.step.run("one", lambda: 1), ctx.step.run("two", lambda: 2))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ctx.step.run(name, len, name)) for name in ("o", "to")]
            return [task.result() for task in tasks]

        try:
            return await both()
        finally:
            await asyncio.sleep(0)
            await ctx.step.run("clean-up", lambda: done.append("clean-up"))

    run = play(client, "fn")

    assert (run.output, done) == ([1, 2], ["clean-up"])
    assert not [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("how", ["group", "gather", "wait", "task group"])
def test_steps_in_parallel_are_no_sign_of_a_swallowed_interrupt(client, caplog, how):
    caplog.set_level(logging.WARNING, logger="inngest_py")

    @client.create_function(fn_id="group", trigger=TRIGGER)
    def group(ctx: ContextSync):
        return ctx.group.parallel([partial(ctx.step.run, f"branch-{n}", abs, n) for n in (1, 2, 3)])

    async def work(n):
        return n

    async def answered(ctx: Context):
        asked = [ctx.step.run(f"branch-{n}", work, n) for n in (1, 2, 3)]
        if how == "gather":
            return await asyncio.gather(*asked)
        if how == "wait":
            tasks = [asyncio.ensure_future(one) for one in asked]
            await asyncio.wait(tasks)
        else:
            async with asyncio.TaskGroup() as together:
                tasks = [together.create_task(one) for one in asked]
        return [task.result() for task in tasks]

    client.create_function(fn_id="tasks", trigger=TRIGGER)(answered)

    run = play(client, "group" if how == "group" else "tasks")

    assert run.output == [1, 2, 3]
    assert not [record.getMessage() for record in caplog.records]


async def test_groups_that_are_let_go_have_some_turns_to_end_however_long_one_takes(client, caplog, monkeypatch):
    caplog.set_level(logging.WARNING)
    caplog.set_level(logging.WARNING, logger="inngest_py")
    monkeypatch.setattr("inngest_py.steps.settling._GOODBYE", 0)  # as on a loop so busy that a turn takes longer

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def branch(number):
            async with asyncio.TaskGroup() as group:
                group.create_task(ctx.step.run(f"step-{number}", int))

        await asyncio.gather(*map(branch, range(50)))

    reply = await Handler(client, framework="test").ahandle(call_request("app-coroutine"))
    gc.collect()

    assert len(json.loads(reply.body)) == 50
    assert not [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
def test_who_catches_an_interrupt_and_goes_on_to_another_step_is_warned_once(client, caplog, colour):
    caplog.set_level(logging.WARNING, logger="inngest_py")

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        with contextlib.suppress(BaseException):
            ctx.step.sleep("nap", "1m")
        return ctx.step.run("next", lambda: 1)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        with contextlib.suppress(BaseException):
            await ctx.step.sleep("nap", "1m")
        return await ctx.step.run("next", lambda: 1)

    status, ops, _ = answer(client, colour)

    assert (status, names(ops)) == (206, [("Sleep", "nap")])
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "caught what stops it" in warning
    assert f"{__file__}:" in warning


def test_time_limits_and_task_groups_of_asyncio_and_anyio_work_around_steps(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        found = []

        async def one(number):
            found.append(await ctx.step.run(f"step-{number}", lambda: number))

        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(one, number)
        with anyio.move_on_after(0):
            await anyio.sleep_forever()
        with pytest.raises(TimeoutError), anyio.fail_after(0):
            await anyio.sleep_forever()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anyio.sleep_forever()
        return found

    assert play(client, "fn").output == [0, 1, 2]


@pytest.mark.parametrize("awaits", [True, False])
def test_a_function_that_cancels_its_own_task_is_answered(client, awaits):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if awaits:
            await asyncio.sleep(0)
        return "done"

    async def call():
        response = await Handler(client, framework="test").ahandle(call_request("app-fn"))
        await asyncio.sleep(0)
        return response.status, json.loads(response.body)

    status, body = asyncio.run(call())

    assert (status, body) == (200, "done") if not awaits else (status, body["name"]) == (500, "CancelledError")


def test_who_cancels_the_request_cancels_the_function_and_is_told(client):
    seen, started = [], asyncio.Event()

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    async def call():
        task = asyncio.create_task(Handler(client, framework="test").ahandle(call_request("app-fn")))
        await started.wait()
        task.cancel("left")
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call())
    assert seen == [("left",)]


# Errors -------------------------------------------------------------------------------------------------------------


def test_a_non_retriable_error_in_a_step_fails_that_step_for_good_and_can_be_caught(client):
    def refuse():
        raise NonRetriableError("card stolen")

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        try:
            ctx.step.run("charge", refuse)
        except StepError as error:
            return [error.step_id, error.name, error.message]

    run = play(client, "fn")

    assert run.output == ["charge", "NonRetriableError", "card stolen"]
    assert names(run.ops) == [("StepFailed", "charge")]


def test_a_step_that_fails_on_its_last_attempt_fails_for_good(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        await ctx.step.run("boom", lambda: 1 / 0)

    _, ops, _ = answer(client, attempt=3, max_attempts=4)

    assert ops[0]["op"] == "StepFailed"
    assert (ops[0]["error"]["name"], ops[0]["error"]["message"]) == ("ZeroDivisionError", "division by zero")


def test_an_uncaught_step_error_ends_the_run_without_a_retry(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run("boom", lambda: 1 / 0)

    memo = {"error": {"name": "ValueError", "message": "bad", "stack": "Traceback"}}
    status, body, headers = answer(client, steps={hashed("boom"): memo})

    assert (status, body["code"], body["name"], body["stack"]) == (500, "step_errored", "ValueError", "Traceback")
    assert headers["x-inngest-no-retry"] == "true"


def test_a_step_error_out_of_a_task_group_ends_the_run_without_a_retry(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        async with asyncio.TaskGroup() as group:
            group.create_task(ctx.step.run("boom", lambda: 1))

    status, _, headers = answer(client, steps={hashed("boom"): {"error": {"message": "bad"}}})

    assert (status, headers["x-inngest-no-retry"]) == (500, "true")


@pytest.mark.parametrize("memo", [{"error": {"message": "bad"}}, {"error": None}, {"error": "bad"}, {"error": {}}])
def test_a_malformed_error_memo_is_still_an_error(client, memo):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        try:
            return ctx.step.run("boom", lambda: 1)
        except StepError:
            return "an error"

    assert answer(client, steps={hashed("boom"): memo})[:2] == (200, "an error")


@pytest.mark.parametrize(
    ("when", "header"),
    [
        ("90s", "90"),
        (timedelta(milliseconds=10), "1"),
        ("30d", "86400"),
        (datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T00:00:00.000Z"),
    ],
)
def test_retry_after_in_a_step_becomes_the_header(client, when, header):
    def later():
        raise RetryAfterError("busy", when)

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run("call", later)

    status, ops, headers = answer(client)

    assert (status, ops[0]["op"], headers["retry-after"]) == (206, "StepError", header)


def test_a_backoff_policy_becomes_the_header(client):
    retries = Retries(attempts=4, backoff=Backoff.exponential("5s", factor=2, maximum="15s"))

    @client.create_function(fn_id="fn", trigger=TRIGGER, retries=retries)
    def fn(ctx: ContextSync):
        raise ValueError("no")

    assert [answer(client, attempt=n)[2]["retry-after"] for n in range(3)] == ["5", "10", "15"]


def test_a_number_without_a_unit_is_no_retry_after():
    with pytest.raises(TypeError, match='write "5s"'):
        RetryAfterError("busy", 5)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [object(), {"deep": [{"here": object()}]}, float("nan")])
def test_a_step_output_that_is_no_json_fails_for_good_and_names_its_path(client, value):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run("make", lambda: value)

    _, ops, _ = answer(client)

    assert ops[0]["op"] == "StepFailed"
    assert "at $" in ops[0]["error"]["message"]
    assert 'step "make"' in ops[0]["error"]["message"]
    if isinstance(value, dict):
        assert "$.deep[0].here" in ops[0]["error"]["message"]


def test_an_output_over_the_limit_is_refused_with_its_size_and_the_limit(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return ctx.step.run("make", lambda: "x" * (4 * 1024 * 1024))

    _, ops, _ = answer(client)

    assert ops[0]["op"] == "StepFailed"
    assert "4194306 bytes" in ops[0]["error"]["message"]
    assert "4194304" in ops[0]["error"]["message"]


def test_the_stack_begins_where_the_users_code_does(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run("boom", lambda: 1 / 0)

    _, ops, _ = answer(client)

    assert ops[0]["error"]["stack"].splitlines()[1].endswith("in <lambda>")


def test_a_step_that_raises_stop_iteration_is_an_ordinary_failure(client):
    def stop():
        raise StopIteration

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.run("stop", stop)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await ctx.step.run("stop", stop)

    assert answer(client)[1][0]["op"] == "StepError"
    assert answer(client, "coroutine")[1][0]["op"] == "StepError"


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
def test_a_step_inside_a_step_is_refused_and_named(client, colour):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.run("outer", lambda: ctx.step.run("inner", lambda: 1))

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        async def outer():
            await asyncio.wait_for(ctx.step.run("inner", lambda: 1), timeout=5)

        await ctx.step.run("outer", outer)

    _, ops, _ = answer(client, colour)

    assert ops[0]["op"] == "StepFailed"
    assert '"inner" is called inside step "outer"' in ops[0]["error"]["message"]


# Order --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [["slow", "fast"], ["fast", "slow"]])
def test_a_race_replays_in_the_order_in_which_its_steps_were_completed(client, order):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        tasks = [asyncio.create_task(ctx.step.run(name, lambda: None), name=name) for name in ("slow", "fast")]
        first = [await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)][0][0]
        seen = [task.get_name() for task in first]
        for task in tasks:
            await task
        return seen

    memos = {hashed(name): {"data": None} for name in order}
    status, body, _ = answer(client, steps=memos, stack=[hashed(name) for name in order])

    assert (status, body) == (200, [order[0]])


@pytest.mark.parametrize("order", [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]])
def test_as_completed_replays_in_that_order_too(client, order):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        steps = [ctx.step.run(name, lambda: None, output_type=str) for name in "abc"]
        return [await done for done in asyncio.as_completed(steps)]

    memos = {hashed(name): {"data": name} for name in order}

    assert answer(client, steps=memos, stack=[hashed(name) for name in order])[:2] == (200, order)


def test_the_loser_of_a_race_may_be_cancelled(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        tasks = [asyncio.create_task(ctx.step.run(name, lambda: None, output_type=str)) for name in ("a", "b")]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return await ctx.step.run("after", lambda: next(iter(done)).result())

    stack = [hashed("b"), hashed("after")]
    memos = {hashed("b"): {"data": "b"}}

    assert names(answer(client, steps=memos, stack=stack[:1])[1]) == [("StepRun", "after")]
    assert answer(client, steps=memos | {stack[1]: {"data": "b"}}, stack=stack)[:2] == (200, "b")


def test_an_order_that_cannot_be_met_does_not_stop_the_run(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        return [await ctx.step.run("a", lambda: 0), await ctx.step.run("b", lambda: 0)]

    memos = {hashed("gone"): {"data": 0}, hashed("b"): {"data": 2}, hashed("a"): {"data": 1}}

    assert answer(client, steps=memos)[:2] == (200, [1, 2])


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_steps_in_nested_gathers_are_all_found_at_once(client, depth):
    async def nest(ctx, level, name):
        if level == 0:
            return await ctx.step.run(name, lambda: name)
        return await asyncio.gather(nest(ctx, level - 1, f"{name}l"), nest(ctx, level - 1, f"{name}r"))

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        return await asyncio.gather(ctx.step.run("first", lambda: 0), nest(ctx, depth, "n"))

    _, ops, _ = answer(client)

    assert len(ops) == 1 + 2**depth


def test_repeated_ids_are_counted(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return [ctx.step.run("same", partial(int, n)) for n in range(3)]

    run = play(client, "fn")

    assert run.output == [0, 1, 2]
    assert [op["id"] for op in run.ops] == [hashed("same"), hashed("same:1"), hashed("same:2")]
    assert [op["userland"] for op in run.ops] == [{"id": "same", "index": index} for index in (None, 1, 2)]


# Targets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
def test_a_targeted_call_runs_that_step_and_no_other(client, colour):
    ran: list[str] = []

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.group.parallel(tuple(partial(ctx.step.run, name, ran.append, name) for name in "abc"))

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await asyncio.gather(*(ctx.step.run(name, ran.append, name) for name in "abc"))

    status, ops, _ = answer(client, colour, target=hashed("b"))

    assert (status, names(ops), ran) == (206, [("StepRun", "b")], ["b"])


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
def test_a_target_that_the_function_no_longer_has_is_said_to_be_missing(client, colour):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        ctx.step.run("renamed", lambda: 1)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await ctx.step.run("renamed", lambda: 1)

    status, body, headers = answer(client, colour, target=hashed("old"))

    assert (status, body["code"]) == (500, "step_not_found")
    assert '"renamed"' in body["message"]
    assert "x-inngest-no-retry" not in headers


def test_a_target_that_is_delivered_again_is_not_run_again(client):
    ran: list[str] = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        await asyncio.gather(ctx.step.run("a", ran.append, "a"), ctx.step.run("b", ran.append, "b"))

    _, ops, _ = answer(client, target=hashed("a"), steps={hashed("a"): {"data": None}})

    assert (names(ops), ran) == ([("StepPlanned", "b")], [])


def test_a_target_runs_to_its_end_even_if_the_function_ends_before(client):
    finished = []

    async def slow():
        for _ in range(50):
            await asyncio.sleep(0)
        finished.append(True)

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        await asyncio.gather(ctx.step.run("bad", lambda: 1), ctx.step.run("slow", slow))

    memos = {hashed("bad"): {"error": {"name": "E", "message": "bad"}}}
    status, ops, _ = answer(client, target=hashed("slow"), steps=memos)

    assert (status, names(ops), finished) == (206, [("StepRun", "slow")], [True])


def test_a_new_step_is_only_planned_when_running_it_at_once_is_forbidden(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run("a", lambda: 1)

    assert names(answer(client, disable_immediate_execution=True)[1]) == [("StepPlanned", "a")]


def test_edited_input_takes_the_place_of_the_arguments(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return ctx.step.run("add", lambda a, b: a + b, 1, 2)

    _, ops, _ = answer(client, steps={hashed("add"): {"input": [20, 30]}})

    assert (ops[0]["op"], ops[0]["data"]) == ("StepRun", 50)


# Colours ------------------------------------------------------------------------------------------------------------


def test_a_plain_handler_in_an_async_function_runs_in_a_thread(client):
    loop_thread = []

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        loop_thread.append(threading.get_ident())
        return await ctx.step.run("where", threading.get_ident)

    _, ops, _ = answer(client)

    assert ops[0]["data"] != loop_thread[0]


def test_an_async_handler_in_a_plain_function_runs_on_a_loop(client):
    async def where():
        return id(asyncio.get_running_loop())

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return [ctx.step.run("one", where), ctx.step.run("two", where)]

    run = play(client, "fn")

    assert run.output[0] == run.output[1]


def test_a_lambda_may_give_a_coroutine(client):
    async def double(x):
        return 2 * x

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        return await ctx.step.run("double", lambda: double(4))

    assert play(client, "fn").output == 8


# What is asked of the server ----------------------------------------------------------------------------------------


def test_the_race_mode_is_said_of_each_step_of_the_group(client):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        branches = tuple(lambda name=name: ctx.step.run(name, lambda: 1) for name in "ab")
        ctx.group.parallel(branches, mode=ParallelMode.RACE)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        branches = tuple(lambda name=name: ctx.step.run(name, lambda: 1) for name in "ab")
        await ctx.group.parallel(branches, parallel_mode=ParallelMode.RACE)

    for colour in ("plain", "coroutine"):
        assert [op["opts"] for op in answer(client, colour)[1]] == [{"parallelMode": "race"}] * 2


def test_a_step_may_have_a_display_name(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.run(StepOptions(id="charge", name="Charge the card"), lambda: 1)

    _, ops, _ = answer(client)

    assert (ops[0]["id"], ops[0]["displayName"]) == (hashed("charge"), "Charge the card")


def test_a_bad_duration_is_an_error_of_the_function_that_no_retry_mends(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.step.sleep("nap", 5)  # type: ignore[arg-type]

    status, body, headers = answer(client)

    assert (status, body["code"], headers["x-inngest-no-retry"]) == (500, "config_invalid", "true")
    assert 'step.sleep("nap")' in body["message"]
    assert 'write "5s"' in body["message"]


def test_a_run_that_waits_goes_on_with_the_event_that_came(client):
    @client.create_function(fn_id="fn", trigger=TRIGGER)
    async def fn(ctx: Context):
        came = await ctx.step.wait_for_event("approval", event="approved", timeout="7d", if_exp="async.data.ok")
        missed = await ctx.step.wait_for_event("other", event="other", timeout=timedelta(seconds=5))
        return [came and came.data, missed]

    answers = {"approval": {"name": "approved", "data": {"ok": True}, "id": "E2", "ts": 2}, "other": None}
    run = Played(Handler(client, framework="test"), "app-fn", answers=answers).play()

    assert run.output == [{"ok": True}, None]
    assert [(op["name"], op["opts"]) for op in run.ops] == [
        ("approved", {"timeout": "168h", "if": "async.data.ok"}),
        ("other", {"timeout": "5s"}),
    ]


def test_an_invoked_function_is_named_by_its_own_app(client):
    other = make_client(app_id="other")

    @other.create_function(fn_id="child", trigger=[])
    def child(ctx: ContextSync) -> int:
        return 1

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return ctx.step.invoke("call", function=child, data={"k": 1}, timeout="1h")

    run = Played(Handler(client, framework="test"), "app-fn", answers={"call": {"data": 7}}).play()

    assert run.output == 7
    assert run.ops[0]["opts"] == {"function_id": "other-child", "payload": {"data": {"k": 1}}, "timeout": "1h"}
