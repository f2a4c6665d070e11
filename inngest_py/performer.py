"""Performs what flows ask for, plainly or in a coroutine, and runs functions in whichever colour they have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final, Protocol, assert_never

from inngest_py.config.handler import is_async
from inngest_py.engine.effects import Effect, Exchange, Execute, Hook, Invoke, Pause
from inngest_py.engine.plan import Plan
from inngest_py.engine.run import Outcome, Terms
from inngest_py.errors import UsageError
from inngest_py.function import Function
from inngest_py.runtime import (
    EXIT_CONTAINED,
    Departure,
    LoopCaller,
    ThreadCaller,
    background_loop,
    exit_contained_here,
    run_on_loop,
)
from inngest_py.steps import aio, interrupting, settling, sync
from inngest_py.steps.inside import close_coroutine
from inngest_py.transport import Transport
from inngest_py.wire import headers
from inngest_py.wire.http import Response


class App(aio.App, sync.App, Protocol):
    """What steps of either colour need of the client."""


@dataclass(slots=True, kw_only=True)
class FunctionRun:
    """One execution to perform: the function, its plan and terms, and what its context holds besides steps."""

    function: Function[Any]
    plan: Plan
    terms: Terms
    fields: dict[str, Any]
    app: App


class Performer:
    """Carries effects out. `in_thread` calls plain code from a coroutine; `on_loop` runs a coroutine for plain code."""

    def __init__(self, transport: Transport, in_thread: ThreadCaller, on_loop: LoopCaller = run_on_loop) -> None:
        self._transport: Final = transport
        self._in_thread: Final = in_thread
        self._on_loop: Final = on_loop

    def ending_with(self, departure: Departure) -> Performer:
        """A performer that ends its coroutines when nobody waits for them any longer."""
        return Performer(self._transport, self._in_thread, departure.ending(self._on_loop))

    def perform(self, effect: Effect) -> Any:
        """Perform an effect in plain code."""
        match effect:
            case Exchange(request, timeout):
                return self._transport.send(request, timeout)
            case Execute(run):
                return self._execute(run)
            case Invoke(handler, args, kwargs):
                return self._invoke(handler, args, kwargs)
            case Hook(call, args):
                return self._called(call(*args))
            case Pause(seconds):
                return time.sleep(seconds)
            case _:
                assert_never(effect)

    async def aperform(self, effect: Effect) -> Any:
        """Perform an effect in a coroutine."""
        match effect:
            case Exchange(request, timeout):
                return await self._transport.asend(request, timeout)
            case Execute(run):
                return await self._aexecute(run)
            case Invoke(handler, args, kwargs):
                return await self._ainvoke(handler, args, kwargs)
            case Hook(call, args):
                result = call(*args)
                return await result if isawaitable(result) else result
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case _:
                assert_never(effect)

    def _called(self, result: Any) -> Any:
        """What plain code gets of a call: of something to be awaited its result, after it ran on a loop."""
        if not isawaitable(result):
            return result
        return self._on_loop(lambda: _awaited(result), background_loop().running)

    def _invoke(self, handler: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        with exit_contained_here():
            return self._called(handler(*args, **kwargs))

    async def _ainvoke(self, handler: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a step's handler: one that is plain in a thread, so that it never holds up the loop."""
        with EXIT_CONTAINED:
            if is_async(handler):
                return await handler(*args, **kwargs)
            result: Any = await self._in_thread(lambda: handler(*args, **kwargs))
            return await result if isawaitable(result) else result

    def _execute(self, run: FunctionRun) -> Outcome:
        if run.function.is_async:
            return self._on_loop(lambda: self._run_async(run), background_loop().running)
        return self._run_plain(run)

    async def _aexecute(self, run: FunctionRun) -> Outcome:
        if run.function.is_async:
            return await self._run_async(run)
        return await self._in_thread(lambda: self._run_plain(run))

    async def _run_async(self, run: FunctionRun) -> Outcome:
        execution = settling.Execution(run.plan, run.terms, self.aperform)
        ctx = aio.Context.of(run.fields, step=aio.Step(execution, run.app), group=aio.Group())
        return await execution.run(lambda: run.function.handler(ctx))

    def _run_plain(self, run: FunctionRun) -> Outcome:
        execution = interrupting.Execution(run.plan, run.terms, self.perform)
        ctx = sync.ContextSync.of(run.fields, step=sync.StepSync(execution, run.app), group=sync.GroupSync(execution))
        return execution.run(lambda: _result(run.function, ctx))


class Timed:
    """A performer that keeps how long the function took, in seconds, or None if none was run."""

    def __init__(self, performer: Performer) -> None:
        self._performer: Final = performer
        self._began: Final = time.perf_counter()
        self._function: float | None = None

    def perform(self, effect: Effect) -> Any:
        """Perform an effect in plain code."""
        if not isinstance(effect, Execute):
            return self._performer.perform(effect)
        began = time.perf_counter()
        try:
            return self._performer.perform(effect)
        finally:
            self._function = time.perf_counter() - began

    async def aperform(self, effect: Effect) -> Any:
        """Perform an effect in a coroutine."""
        if not isinstance(effect, Execute):
            return await self._performer.aperform(effect)
        began = time.perf_counter()
        try:
            return await self._performer.aperform(effect)
        finally:
            self._function = time.perf_counter() - began

    def stamp(self, response: Response) -> Response:
        """The response with the times in its Server-Timing header, if a function was run for it."""
        if self._function is None:
            return response
        total = time.perf_counter() - self._began
        times = f"handler;dur={total * 1000:.2f}, function;dur={self._function * 1000:.2f}"
        response.headers = {**response.headers, headers.SERVER_TIMING: times}
        return response


async def _awaited(result: Awaitable[Any]) -> Any:
    with EXIT_CONTAINED:
        return await result


def _result(function: Function[Any], ctx: sync.ContextSync[Any]) -> Any:
    """The result of a plain function, which a coroutine cannot be."""
    with exit_contained_here():
        value = function.handler(ctx)
    if close_coroutine(value):
        raise UsageError(f'function "{function.id}" is declared with def and returned a coroutine: use async def')
    return value
