"""The async face of a step. Its twin for plain functions is `sync`; every decision is the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

from inngest_py.config.event_type import EventType
from inngest_py.engine import catalogue
from inngest_py.engine.answers import FetchResponse, Signal, response_of, signal_of
from inngest_py.engine.effects import Invoke
from inngest_py.engine.identity import Key, StepId
from inngest_py.engine.inputs import recorded
from inngest_py.engine.memory import ABSENT, event_of, result_of
from inngest_py.engine.typed import UNSTATED, typed_result
from inngest_py.function import Function
from inngest_py.steps.context import BaseContext
from inngest_py.steps.inside import ParallelMode, called, check_branches, identified, mode_of, parallel_mode, run_opts
from inngest_py.steps.settling import Execution
from inngest_py.wire.event import Data, Event

P = ParamSpec("P")
T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
Model = TypeVar("Model")

OnConflict: TypeAlias = Literal["fail", "replace"]


class App(Protocol):
    """What steps need of the client."""

    async def send(self, events: Any) -> list[str]:
        """Send events, and give their ids."""
        ...

    async def send_signal(self, signal: str, data: Any) -> str | None:
        """Send a signal, and give the id of the run that waited for it."""
        ...


class Asking:
    """What all kinds of steps do: identify themselves, and ask for their memo."""

    def __init__(self, execution: Execution, app: App) -> None:
        self._execution = execution
        self._app = app

    def _key(self, step_id: StepId) -> Key:
        return self._execution.plan.identities.next(step_id)

    async def _ask(self, key: Key, make: Callable[[], Any], invoke: Invoke | None = None) -> Any:
        memo = self._execution.recall(key.hashed)
        return await self._execution.take(key, make, invoke) if memo is ABSENT else memo


class AI(Asking):
    """Steps that talk to models."""

    async def infer(self, step_id: StepId, *, adapter: catalogue.Adapter, body: Mapping[str, Any]) -> dict[str, Any]:
        """Have the server ask a model, and give the provider's answer. `inngest_py.ai` has the adapters.

        Raises StepError if the provider refuses.
        """
        key = self._key(step_id)
        memo = await self._ask(key, lambda: catalogue.infer(key, adapter, body))
        return cast("dict[str, Any]", result_of(memo, key.id))

    @overload
    async def wrap(
        self, step_id: StepId, handler: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    async def wrap(self, step_id: StepId, handler: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    async def wrap(self, step_id: StepId, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function that asks a model: like `step.run`, and shown for what it is."""
        key = self._key(step_id)
        opts = catalogue.AI_WRAP | recorded(args, kwargs)
        memo = await self._ask(key, lambda: catalogue.run(key, run_opts(opts)), called(key.id, handler, args, kwargs))
        return typed_result(memo, key.id, handler)


class Step(Asking):
    """The steps of an async function. Each is awaited, alone or in parallel with others by any means of asyncio.

    Every step may raise StepError (it failed for good) and ConfigError (it was given something that cannot work).
    """

    @property
    def ai(self) -> AI:
        """Steps that talk to models."""
        return AI(self._execution, self._app)

    @overload
    async def run(
        self, step_id: StepId, handler: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...
    @overload
    async def run(self, step_id: StepId, handler: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    async def run(
        self, step_id: StepId, handler: Callable[..., Any], *args: Any, output_type: type[T], **kwargs: Any
    ) -> T: ...
    async def run(
        self, step_id: StepId, handler: Callable[..., Any], *args: Any, output_type: Any = UNSTATED, **kwargs: Any
    ) -> Any:
        """Call a function once, and from then on give back what it returned.

        The result goes through JSON and comes back in the type that the handler is annotated to return, or in
        `output_type`. A plain handler is called in a thread. What it raises is retried as the function's policy says;
        after the last attempt, or at once for a NonRetriableError, the step raises StepError (PROTOCOL 7).
        """
        execution = self._execution
        key = execution.plan.identities.next(step_id)
        memo = execution.recall(key.hashed)
        if memo is ABSENT:
            invoke = called(key.id, handler, args, kwargs)
            memo = await execution.take(key, lambda: catalogue.run(key, run_opts(recorded(args, kwargs))), invoke)
        return typed_result(memo, key.id, handler, output_type)

    async def sleep(self, step_id: StepId, duration: str | timedelta) -> None:
        """Let the run sleep for a duration such as `"24h"`, up to 366 days. No thread and no request is held."""
        key = self._key(step_id)
        await self._ask(key, lambda: catalogue.sleep(key, duration))

    async def sleep_until(self, step_id: StepId, when: datetime) -> None:
        """Let the run sleep until a moment, which must have a time zone; one in the past is over at once."""
        key = self._key(step_id)
        await self._ask(key, lambda: catalogue.sleep_until(key, when, datetime.now(UTC)))

    @overload
    async def wait_for_event(
        self, step_id: StepId, *, event: EventType[Model], timeout: str | timedelta, if_exp: str | None = None
    ) -> Event[Model] | None: ...
    @overload
    async def wait_for_event(
        self, step_id: StepId, *, event: str, timeout: str | timedelta, if_exp: str | None = None
    ) -> Event | None: ...
    async def wait_for_event(
        self,
        step_id: StepId,
        *,
        event: str | EventType[Any],
        timeout: str | timedelta,
        if_exp: str | None = None,
    ) -> Event[Any] | None:
        """Wait for an event that comes after this, up to `timeout`; None if none came.

        `if_exp` is CEL over `event`, the one that triggered the run, and `async`, the one that came (PROTOCOL 14.9).
        """
        key = self._key(step_id)
        memo = await self._ask(key, lambda: catalogue.wait_for_event(key, event, timeout, if_exp))
        found = event_of(memo)
        return event.read(found) if found is not None and isinstance(event, EventType) else found

    async def wait_for_signal(
        self, step_id: StepId, *, signal: str, timeout: str | timedelta, on_conflict: OnConflict = "fail"
    ) -> Signal | None:
        """Wait for a signal that is sent after this, up to `timeout`; None if none came.

        Only one run can wait for a signal: if another one does, this run fails, or takes its place with
        `on_conflict="replace"`.
        """
        key = self._key(step_id)
        memo = await self._ask(key, lambda: catalogue.wait_for_signal(key, signal, timeout, on_conflict))
        return signal_of(result_of(memo, key.id))

    async def send_signal(self, step_id: StepId, *, signal: str, data: Any = None) -> str | None:
        """Send a signal once; give the id of the run that waited for it, or None if none did."""
        key = self._key(step_id)
        invoke = Invoke(self._app.send_signal, (signal, data))
        memo = await self._ask(key, lambda: catalogue.run(key, run_opts(catalogue.SEND_SIGNAL)), invoke)
        return cast("str | None", result_of(memo, key.id))

    async def fetch(
        self,
        step_id: StepId,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> FetchResponse:
        """Have the server make an HTTP request, so that nothing of this app waits for the answer.

        `body` is text, or something that is sent as JSON. Any status is an answer; raises StepError if there is none.
        """
        key = self._key(step_id)
        memo = await self._ask(key, lambda: catalogue.fetch(key, url, method, headers, body))
        return response_of(result_of(memo, key.id))

    async def send_event(self, step_id: StepId, events: Event[Any] | Sequence[Event[Any]]) -> list[str]:
        """Send events once, and give the ids that the server assigned. Use it rather than `client.send` in a function.

        An event without an `id` gets one of the run and the step: sent again after a crash, it starts nothing twice.
        """
        key = self._key(step_id)
        invoke = Invoke(self._app.send, (identified(events, self._execution.terms.run_id, key),))
        memo = await self._ask(key, lambda: catalogue.run(key, run_opts(catalogue.SEND_EVENT)), invoke)
        return cast("list[str]", result_of(memo, key.id))

    async def invoke(
        self,
        step_id: StepId,
        *,
        function: Function[T],
        data: Mapping[str, Any] | object | None = None,
        timeout: str | timedelta | None = None,
        v: str | None = None,
    ) -> T:
        """Run another function with `data` and give its result; it may be another app's.

        Raises StepError if that function fails, or has not ended after `timeout` (a year if there is none).
        """
        key = self._key(step_id)
        target = catalogue.invoked_id(key, function)
        memo = await self._ask(key, lambda: catalogue.invoke(key, target, data, timeout, v))
        return cast("T", typed_result(memo, key.id, function.handler))

    async def invoke_by_id(
        self,
        step_id: StepId,
        *,
        function_id: str,
        app_id: str | None = None,
        data: Mapping[str, Any] | object | None = None,
        timeout: str | timedelta | None = None,
        v: str | None = None,
    ) -> Any:
        """Run a function that is known by its id only, of this app or another."""
        key = self._key(step_id)
        target = f"{app_id or self._execution.terms.app_id}-{function_id}"
        memo = await self._ask(key, lambda: catalogue.invoke(key, target, data, timeout, v))
        return result_of(memo, key.id)


class Group:
    """Steps in parallel. In async functions `asyncio.gather` and its like do the same."""

    @overload
    async def parallel(
        self, callables: tuple[Callable[[], Awaitable[T1]]], *, mode: ParallelMode = ..., parallel_mode: Any = ...
    ) -> tuple[T1]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[T1]], Callable[[], Awaitable[T2]]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[T1]], Callable[[], Awaitable[T2]], Callable[[], Awaitable[T3]]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2, T3]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[T1]],
            Callable[[], Awaitable[T2]],
            Callable[[], Awaitable[T3]],
            Callable[[], Awaitable[T4]],
        ],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2, T3, T4]: ...
    @overload
    async def parallel(
        self,
        callables: Sequence[Callable[[], Awaitable[T]]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T, ...]: ...
    @overload
    async def parallel(
        self,
        callables: Sequence[Callable[[], Awaitable[Any]]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
        return_exceptions: bool,
    ) -> tuple[Any, ...]: ...
    async def parallel(
        self,
        callables: Sequence[Callable[[], Awaitable[Any]]],
        *,
        mode: ParallelMode = ParallelMode.WAIT,
        parallel_mode: ParallelMode | None = None,
        return_exceptions: bool = False,
    ) -> tuple[Any, ...]:
        """Call functions without arguments, each with steps in it, in parallel; give their results in that order.

        When all have ended and some have failed, the error of the first of those is raised; with `return_exceptions`
        the errors stand among the results instead. `parallel_mode` is the same as `mode`.
        """
        branches = _started(check_branches(callables), mode_of(mode, parallel_mode))
        results = await asyncio.gather(*branches, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not return_exceptions:
                raise result
        return tuple(results)


def _started(calls: Sequence[Callable[[], Awaitable[Any]]], mode: ParallelMode) -> list[asyncio.Future[Any]]:
    token = parallel_mode.set(mode)
    try:
        return [asyncio.ensure_future(_branch(call)) for call in calls]
    finally:
        parallel_mode.reset(token)


async def _branch(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()


@dataclass(frozen=True, kw_only=True)
class Context(BaseContext[Data], Generic[Data]):
    """What an async function is given: see BaseContext, and `step` and `group`."""

    step: Step
    group: Group
