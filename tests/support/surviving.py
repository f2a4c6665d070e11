"""An app that outlives its dev server, again and again, and notices what must not happen. Made with our own SDK."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeAlias, cast

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

import inngest_py as inngest
from inngest_py import Batch, Cancel, Concurrency, Context, Debounce, NonRetriableError, StepError, Throttle, Timeouts
from inngest_starlette import serve

Decorator: TypeAlias = Callable[[Callable[[Context], Any]], Any]

SAME = "async.data.n == event.data.n"
NARROW = 2
LIFE: ContextVar[int] = ContextVar("life")
"""In which life of the server the call was made that is being answered."""


class Survivor:
    """The app.

    `life` counts the lives of the server; `stored` tells after which of them a step was on the disk, `busiest` how many
    calls of `narrow` were in flight at a time in each.
    """

    def __init__(self, server: str, chance: random.Random) -> None:
        self.life = 0
        self.stored: dict[tuple[str, str], int] = {}
        self.faults: list[str] = []
        self.busiest: Counter[int] = Counter()
        self.url = ""
        self._busy: Counter[int] = Counter()
        self._chance = chance
        quiet = logging.getLogger("survivor")  # failures are what happens here
        quiet.setLevel(logging.CRITICAL)
        self._client = inngest.Inngest(
            app_id="app", is_production=False, base_url=server, logger=quiet, request_timeout="2s"
        )
        self._declare()
        self._routes = Starlette(routes=[serve(self._client)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        LIFE.set(self.life)
        await self._routes(scope, receive, send)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port, on the running loop."""
        http = uvicorn.Server(uvicorn.Config(self, log_level="error", lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/inngest"
            task = asyncio.create_task(http.serve(sockets=[listening]))
            try:
                yield
            finally:
                http.should_exit = True
                await task

    async def _step(self, ctx: Context, name: str, value: Any = None) -> Any:
        async def execute() -> Any:
            place = (ctx.run_id, name)
            if place in self.stored and self.stored[place] < LIFE.get():
                self.faults.append(f"{ctx.function.id}: step {name} of {ctx.run_id} ran again, though it was stored")
            await asyncio.sleep(self._chance.random() * 0.005)
            return name if value is None else value

        return await ctx.step.run(name, execute)

    def _declare(self) -> None:  # noqa: PLR0915 - a list of functions
        def function(fn_id: str, **options: Any) -> Decorator:
            given: dict[str, Any] = {
                "fn_id": fn_id,
                "trigger": inngest.TriggerEvent(event=f"t/{fn_id}"),
                "retries": 10,
                **options,
            }
            return cast("Decorator", self._client.create_function(**given))

        @function("serial")
        async def serial(ctx: Context) -> Any:
            return [await self._step(ctx, name) for name in "abc"]

        @function("planned", checkpointing=False)
        async def planned(ctx: Context) -> Any:
            return [await self._step(ctx, name) for name in "abc"]

        @function("flaky", checkpointing=False)
        async def flaky(ctx: Context) -> Any:
            async def fail_first() -> str:
                if ctx.attempt == 0:
                    raise ValueError("not yet")
                return "at last"

            return [await self._step(ctx, "a"), await ctx.step.run("flaky", fail_first)]

        @function("late")
        async def late(ctx: Context) -> Any:
            await self._step(ctx, "a")
            if ctx.attempt == 0:
                raise ValueError("not yet")
            return "at last"

        @function("nap")
        async def nap(ctx: Context) -> Any:
            await ctx.step.sleep("nap", "300ms")
            return await self._step(ctx, "a")

        @function("parallel")
        async def parallel(ctx: Context) -> Any:
            both = await asyncio.gather(self._step(ctx, "p"), self._step(ctx, "q"), ctx.step.sleep("nap", "100ms"))
            return [*both[:2], await self._step(ctx, "z")]

        @function("waiting")
        async def waiting(ctx: Context) -> Any:
            answer, _ = await asyncio.gather(
                ctx.step.wait_for_event("answer", event="t/answer", if_exp=SAME, timeout="1h"),
                ctx.step.send_event("ask", inngest.Event(name="t/answering", data=ctx.event.data)),
            )
            missed = await ctx.step.wait_for_event("missed", event="t/never", timeout="200ms")
            return [answer is not None and answer.data["n"], missed]

        @function("answering")
        async def answering(ctx: Context) -> Any:
            await ctx.step.sleep("nap", "50ms")
            await ctx.step.send_event("send", inngest.Event(name="t/answer", data=ctx.event.data))

        @function("signalled")
        async def signalled(ctx: Context) -> Any:
            signal = f"signal {ctx.event.data['n']}"
            got, _ = await asyncio.gather(
                ctx.step.wait_for_signal("wait", signal=signal, timeout="1h"),
                ctx.step.send_event("ask", inngest.Event(name="t/signalling", data={"signal": signal})),
            )
            return got is not None and got.data

        @function("signalling", retries=0)
        async def signalling(ctx: Context) -> Any:
            await ctx.step.sleep("nap", "50ms")
            with suppress(StepError):  # it has been sent, and that is not known, because the server died
                await ctx.step.send_signal("send", signal=ctx.event.data["signal"], data=1)

        @function("child", concurrency=3)
        async def child(ctx: Context) -> Any:
            await ctx.step.sleep("nap", "50ms")
            return {"doubled": 2 * ctx.event.data["n"]}

        @function("broken")
        async def broken(_ctx: Context) -> Any:
            raise NonRetriableError("broken")

        @function("invoking")
        async def invoking(ctx: Context) -> Any:
            doubled = await ctx.step.invoke("ask", function=child, data={"n": ctx.event.data["n"]})
            try:
                return [doubled, await ctx.step.invoke("fail", function=broken)]
            except StepError as error:
                return [doubled, error.message]

        async def failed(ctx: Context) -> Any:
            return await self._step(ctx, "a", ctx.event.data["error"]["message"])

        @function("failing", retries=1, on_failure=failed)
        async def failing(_ctx: Context) -> Any:
            raise ValueError("failing")

        @function("cancelled", cancel=[Cancel(event="t/cancel", if_exp=SAME)])
        async def cancelled(ctx: Context) -> Any:
            await ctx.step.sleep("long", "1h")

        @function("timed", timeouts=Timeouts(finish="1s"))
        async def timed(ctx: Context) -> Any:
            await ctx.step.sleep("long", "1h")

        @function("narrow", concurrency=[Concurrency(limit=NARROW)])
        async def narrow(ctx: Context) -> Any:
            life = LIFE.get()
            self._busy[life] += 1
            self.busiest[life] = max(self.busiest[life], self._busy[life])
            try:
                return await self._step(ctx, "a")
            finally:
                self._busy[life] -= 1

        @function("batched", batch_events=Batch(max_size=4, timeout="1s"))
        async def batched(ctx: Context) -> Any:
            return await self._step(ctx, "a", [event.data["n"] for event in ctx.events])

        @function("debounced", debounce=Debounce(period="1s", key="event.data.key"))
        async def debounced(ctx: Context) -> Any:
            return await self._step(ctx, "a", ctx.event.data["n"])

        @function("throttled", throttle=Throttle(limit=3, period="1s", burst=0))
        async def throttled(ctx: Context) -> Any:
            return await self._step(ctx, "a")

        @function("once")
        async def once(ctx: Context) -> Any:
            return await self._step(ctx, "a")


def expected(function: str, n: int) -> tuple[str, Any]:
    """How a run of a function ends: its status and its result, whatever has happened to the server."""
    outputs: dict[str, Any] = {
        "answering": None,
        "child": {"doubled": 2 * n},
        "debounced": n,
        "flaky": ["a", "at last"],
        "invoking": [{"doubled": 2 * n}, "broken"],
        "late": "at last",
        "parallel": ["p", "q", "z"],
        "planned": ["a", "b", "c"],
        "serial": ["a", "b", "c"],
        "signalled": 1,
        "signalling": None,
        "waiting": [n, None],
    }
    if function in {"cancelled", "timed"}:
        return "Cancelled", None
    return ("Failed", None) if function in {"broken", "failing"} else ("Completed", outputs.get(function, "a"))
