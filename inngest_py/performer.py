"""Performs what flows ask for, plainly or in a coroutine, and runs functions in whichever colour they have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from inngest_py.engine.effects import Effect, Exchange, Execute, Invoke, Pause
from inngest_py.engine.plan import Plan
from inngest_py.engine.run import Outcome
from inngest_py.engine.verdict import Policy
from inngest_py.errors import UsageError
from inngest_py.function import Function, is_async
from inngest_py.runtime import LoopCaller, ThreadCaller, background_loop, run_on_loop
from inngest_py.steps import aio, interrupting, settling, sync
from inngest_py.steps.inside import close_coroutine
from inngest_py.transport import Transport
from inngest_py.wire.event import Event

Events = Event[Any] | Sequence[Event[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRun:
    """One execution to perform: the function, its plan, and what its context holds besides steps."""

    function: Function[Any]
    plan: Plan
    policy: Policy
    fields: dict[str, Any]
    send: Callable[[Events], list[str]]
    asend: Callable[[Events], Awaitable[list[str]]]


class Performer:
    """Carries effects out. `in_thread` calls plain code from a coroutine; `on_loop` runs a coroutine for plain code."""

    def __init__(self, transport: Transport, in_thread: ThreadCaller, on_loop: LoopCaller = run_on_loop) -> None:
        self._transport: Final = transport
        self._in_thread: Final = in_thread
        self._on_loop: Final = on_loop

    def perform(self, effect: Effect) -> Any:
        """Perform an effect in plain code."""
        match effect:
            case Exchange(request, timeout):
                return self._transport.send(request, timeout)
            case Execute(run):
                return self._execute(run)
            case Invoke(handler, args, kwargs):
                return interrupting.called(handler, args, kwargs, self._on_loop)
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
                result = handler(*args, **kwargs)
                return await result if is_async(handler) else result
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case _:
                assert_never(effect)

    def _execute(self, run: FunctionRun) -> Outcome:
        if run.function.is_async:
            return self._on_loop(lambda: run_async(run, self._in_thread), background_loop().running)
        return run_plain(run, self._on_loop)

    async def _aexecute(self, run: FunctionRun) -> Outcome:
        if run.function.is_async:
            return await run_async(run, self._in_thread)
        return await self._in_thread(lambda: run_plain(run, self._on_loop))


async def run_async(run: FunctionRun, in_thread: ThreadCaller) -> Outcome:
    """Run an async function up to its next step."""
    execution = settling.Execution(run.plan, run.policy, run.function.app_id, in_thread)
    ctx = aio.Context[Any](step=aio.Step(execution, run.asend), group=aio.Group(), **run.fields)
    return await execution.run(lambda: run.function.handler(ctx))


def run_plain(run: FunctionRun, on_loop: LoopCaller = run_on_loop) -> Outcome:
    """Run a plain function up to its next step."""
    execution = interrupting.Execution(run.plan, run.policy, run.function.app_id, on_loop)
    step, group = sync.StepSync(execution, run.send), sync.GroupSync(execution)
    ctx = sync.ContextSync[Any](step=step, group=group, **run.fields)
    return execution.run(lambda: _result(run.function, run.function.handler(ctx)))


def _result(function: Function[Any], value: Any) -> Any:
    """The result of a plain function, which a coroutine cannot be."""
    if close_coroutine(value):
        raise UsageError(f'function "{function.id}" is declared with def and returned a coroutine: use async def')
    return value
