"""What an adapter must see to: plain and async functions side by side, each where it belongs."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

import inngest_py as inngest
from inngest_py import Inngest
from inngest_py.testing.conformance.api import Api, path_of
from inngest_py.testing.conformance.asking import call, get, read
from inngest_py.testing.conformance.hosting import PATIENCE, Host

THING = inngest.TriggerEvent(event="thing/happened")
ServeMounts = Callable[..., Host]

NUMBERED = [{"number": number} for number in range(10)]

who: ContextVar[str] = ContextVar("who")
"""What a middleware has found out."""


def introduce_ada() -> None:
    """Do what a middleware does."""
    who.set("ada")


def plainly() -> str:
    """Tell who asks, from a plain step."""
    return who.get()


async def asynchronously() -> str:
    """Tell who asks, from an async step."""
    await asyncio.sleep(0)
    return who.get()


def leave_a_plain_function(client: Inngest, hosted: Host) -> None:
    """Have a client leave while a plain function runs, which then comes to its end all the same."""
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> None:
        begun.set()
        go_on.wait(PATIENCE)
        done.set()

    asked = hosted.begin(call("app-plain"))
    assert begun.wait(PATIENCE)
    leaving = threading.Thread(target=asked.leave, daemon=True)
    leaving.start()

    assert hosted.send(get()).status == 200
    go_on.set()
    assert done.wait(PATIENCE)
    leaving.join(PATIENCE)


class Colours:
    """The cases about plain and async functions."""

    # Context variables -----------------------------------------------------------------------------------------------

    def test_a_context_variable_of_a_middleware_is_there_in_functions(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> str:
            return who.get()

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> str:
            return await asynchronously()

        hosted = host(dev)
        hosted.before = introduce_ada

        assert read(hosted.send(call("app-plain"))) == "ada"
        assert read(hosted.send(call("app-async"))) == "ada"

    @pytest.mark.parametrize("step", [plainly, asynchronously])
    def test_a_context_variable_of_a_middleware_is_there_in_steps(
        self, step: Callable[[], Any], dev: Inngest, host: ServeMounts
    ) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> None:
            ctx.step.run("who", step)

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> None:
            await ctx.step.run("who", step)

        hosted = host(dev)
        hosted.before = introduce_ada

        assert read(hosted.send(call("app-plain")))[0]["data"] == "ada"
        assert read(hosted.send(call("app-async")))[0]["data"] == "ada"

    def test_a_context_variable_of_one_request_is_not_seen_by_the_next(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> str:
            found = who.get("nobody")
            who.set("the last one")
            return found

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> str:
            found = who.get("nobody")
            who.set("the last one")
            return found

        hosted = host(dev)

        assert [read(hosted.send(call(fn_id))) for fn_id in ("app-plain", "app-async") * 2] == ["nobody"] * 4

    # Threads and loops -----------------------------------------------------------------------------------------------

    def test_async_functions_run_on_one_long_lived_loop(self, dev: Inngest, host: ServeMounts) -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            loops.append(asyncio.get_running_loop())

        hosted = host(dev)
        for _ in range(3):
            hosted.send(call("app-async"))

        assert loops == [loops[0]] * 3
        assert loops[0].is_running()
        assert hosted.loop in {None, loops[0]}

    def test_an_async_function_is_in_the_thread_of_the_request_where_that_has_a_loop(
        self, dev: Inngest, host: ServeMounts
    ) -> None:
        threads: list[threading.Thread] = []

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            threads.append(threading.current_thread())

        hosted = host(dev)
        hosted.before = lambda: threads.append(threading.current_thread())
        hosted.send(call("app-async"))

        of_the_request, of_the_function = threads
        assert (of_the_request is of_the_function) is (hosted.loop is not None)

    def test_a_plain_function_never_runs_where_a_loop_is(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> None:
            asyncio.get_running_loop()

        assert read(host(dev).send(call("app-plain")))["message"] == "no running event loop"

    def test_a_plain_step_of_an_async_function_never_runs_where_a_loop_is(
        self, dev: Inngest, host: ServeMounts
    ) -> None:
        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> None:
            await ctx.step.run("blocking", asyncio.get_running_loop)

        assert read(host(dev).send(call("app-async")))[0]["error"]["message"] == "no running event loop"

    # At the same time ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("blocked", ["app-plain", "app-plain-step", "app-async-step", "app-async"])
    def test_a_function_that_waits_holds_nobody_up(self, blocked: str, dev: Inngest, host: ServeMounts) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def wait() -> bool:
            begun.set()
            return go_on.wait(PATIENCE)

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> None:
            wait()

        @dev.create_function(fn_id="plain-step", trigger=THING)
        def plain_step(ctx: inngest.ContextSync) -> None:
            ctx.step.run("wait", wait)

        @dev.create_function(fn_id="async-step", trigger=THING)
        async def async_step(ctx: inngest.Context) -> None:
            await ctx.step.run("wait", wait)

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            await asyncio.to_thread(wait)

        @dev.create_function(fn_id="quick", trigger=THING)
        def quick(_ctx: inngest.ContextSync) -> str:
            return "quick"

        @dev.create_function(fn_id="quick-async", trigger=THING)
        async def quick_async(ctx: inngest.Context) -> None:
            await ctx.step.run("quick", lambda: "quick")

        hosted = host(dev)
        waiting = hosted.begin(call(blocked))
        assert begun.wait(PATIENCE)

        assert hosted.send(get()).status == 200
        assert hosted.send(call("app-quick")).status == 200
        assert hosted.send(call("app-quick-async")).status == 206

        go_on.set()
        assert waiting.answer().status in {200, 206}

    def test_plain_functions_run_at_the_same_time(self, dev: Inngest, host: ServeMounts) -> None:
        together = threading.Barrier(4)

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> None:
            together.wait(PATIENCE)

        hosted = host(dev)
        asked = [hosted.begin(call("app-plain")) for _ in range(4)]

        assert [exchange.answer().status for exchange in asked] == [200] * 4

    def test_async_functions_run_at_the_same_time(self, dev: Inngest, host: ServeMounts) -> None:
        arrived, all_there = [0], asyncio.Event()

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            arrived[0] += 1
            if arrived[0] == 20:
                all_there.set()
            await all_there.wait()

        hosted = host(dev)
        asked = [hosted.begin(call("app-async")) for _ in range(20)]

        assert [exchange.answer().status for exchange in asked] == [200] * 20

    def test_requests_at_the_same_time_have_their_own_answers(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> Any:
            return ctx.event.data

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> Any:
            await asyncio.sleep(0)
            return ctx.event.data

        hosted = host(dev)
        asked = [
            (data, hosted.begin(call(fn_id, data=data))) for data in NUMBERED for fn_id in ("app-plain", "app-async")
        ]

        assert [read(exchange.answer()) for _, exchange in asked] == [data for data, _ in asked]

    # Either colour within the other ----------------------------------------------------------------------------------

    def test_a_function_may_have_steps_of_either_colour_in_parallel(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> Any:
            step = ctx.step
            return ctx.group.parallel((lambda: step.run("a", plainly), lambda: step.run("b", asynchronously)))

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> Any:
            return await asyncio.gather(ctx.step.run("a", plainly), ctx.step.run("b", asynchronously))

        hosted = host(dev)

        for fn_id in ("app-plain", "app-async"):
            assert [op["op"] for op in read(hosted.send(call(fn_id)))] == ["StepPlanned"] * 2

    def test_events_are_sent_from_functions_of_either_colour(self, dev: Inngest, host: ServeMounts, api: Api) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> None:
            ctx.step.send_event("tell", inngest.Event(name="told/plainly"))

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> None:
            await ctx.step.send_event("tell", inngest.Event(name="told/asynchronously"))

        hosted = host(dev)

        assert read(hosted.send(call("app-plain")))[0]["data"] == ["id-0"]
        assert read(hosted.send(call("app-async")))[0]["data"] == ["id-0"]
        assert [path_of(request) for request in api.requests] == ["/e/NO_EVENT_KEY_SET"] * 2

    def test_code_that_tries_to_end_the_process_fails_like_any_other(self, dev: Inngest, host: ServeMounts) -> None:
        async def leave() -> None:
            sys.exit(3)

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> None:
            sys.exit(3)

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            sys.exit(3)

        @dev.create_function(fn_id="plain-step", trigger=THING)
        def plain_step(ctx: inngest.ContextSync) -> None:
            ctx.step.run("leave", sys.exit if ctx.attempt else leave)

        @dev.create_function(fn_id="async-step", trigger=THING)
        async def async_step(ctx: inngest.Context) -> None:
            await ctx.step.run("leave", sys.exit if ctx.attempt else leave)

        hosted = host(dev)

        for fn_id in ("app-plain", "app-async"):
            assert "sys.exit(3)" in read(hosted.send(call(fn_id)))["message"]
        for fn_id in ("app-plain-step", "app-async-step"):
            for attempt in (0, 1):
                assert "sys.exit" in read(hosted.send(call(fn_id, attempt=attempt)))[0]["error"]["message"]

    # Leaving ---------------------------------------------------------------------------------------------------------

    def test_an_async_function_ends_when_the_client_leaves(self, dev: Inngest, host: ServeMounts) -> None:
        begun, cancelled = threading.Event(), threading.Event()

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        hosted = host(dev)
        if not hosted.tells_leaving:
            pytest.skip("the server does not tell an app that the client has left")
        asked = hosted.begin(call("app-async"))
        assert begun.wait(PATIENCE)
        asked.leave()

        assert cancelled.wait(PATIENCE)
        assert hosted.send(get()).status == 200

    def test_a_plain_function_goes_on_when_the_client_leaves(self, dev: Inngest, host: ServeMounts) -> None:
        leave_a_plain_function(dev, host(dev))
