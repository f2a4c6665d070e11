"""The plain face of a step. Its twin for async functions is `aio`; every decision is the engine's."""

from __future__ import annotations

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
from inngest_py.steps.inside import ParallelMode, called, check_branches, identified, mode_of, run_opts
from inngest_py.steps.interrupting import Execution
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

    def send_sync(self, events: Any) -> list[str]:
        """Send events, and give their ids."""
        ...

    def send_signal_sync(self, signal: str, data: Any) -> str | None:
        """Send a signal, and give the id of the run that waited for it."""
        ...


class Asking:
    """What all kinds of steps do: identify themselves, and ask for their memo."""

    def __init__(self, execution: Execution, app: App) -> None:
        self._execution = execution
        self._app = app

    def _key(self, step_id: StepId) -> Key:
        return self._execution.plan.identities.next(step_id)

    def _ask(self, key: Key, make: Callable[[], Any], invoke: Invoke | None = None) -> Any:
        memo = self._execution.recall(key.hashed)
        return self._execution.take(key, make, invoke) if memo is ABSENT else memo


class AISync(Asking):
    """Steps that talk to models."""

    def infer(self, step_id: StepId, *, adapter: catalogue.Adapter, body: Mapping[str, Any]) -> dict[str, Any]:
        """Have the server ask a model, and give the provider's answer. `inngest_py.ai` has the adapters.

        Raises StepError if the provider refuses.
        """
        key = self._key(step_id)
        memo = self._ask(key, lambda: catalogue.infer(key, adapter, body))
        return cast("dict[str, Any]", result_of(memo, key.id))

    @overload
    def wrap(self, step_id: StepId, handler: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def wrap(self, step_id: StepId, handler: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    def wrap(self, step_id: StepId, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a function that asks a model: like `step.run`, and shown for what it is."""
        key = self._key(step_id)
        opts = catalogue.AI_WRAP | recorded(args, kwargs)
        memo = self._ask(key, lambda: catalogue.run(key, run_opts(opts)), called(key.id, handler, args, kwargs))
        return typed_result(memo, key.id, handler)


class StepSync(Asking):
    """The steps of a plain function.

    Every step may raise StepError (it failed for good) and ConfigError (it was given something that cannot work).
    """

    @property
    def ai(self) -> AISync:
        """Steps that talk to models."""
        return AISync(self._execution, self._app)

    @overload
    def run(self, step_id: StepId, handler: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def run(self, step_id: StepId, handler: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def run(
        self, step_id: StepId, handler: Callable[..., Any], *args: Any, output_type: type[T], **kwargs: Any
    ) -> T: ...
    def run(
        self, step_id: StepId, handler: Callable[..., Any], *args: Any, output_type: Any = UNSTATED, **kwargs: Any
    ) -> Any:
        """Call a function once, and from then on give back what it returned.

        The result goes through JSON and comes back in the type that the handler is annotated to return, or in
        `output_type`. An async handler runs on a loop in the background. What it raises is retried as the function's
        policy says; after the last attempt, or at once for a NonRetriableError, the step raises StepError (PROTOCOL 7).
        """
        execution = self._execution
        key = execution.plan.identities.next(step_id)
        memo = execution.recall(key.hashed)
        if memo is ABSENT:
            invoke = called(key.id, handler, args, kwargs)
            memo = execution.take(key, lambda: catalogue.run(key, run_opts(recorded(args, kwargs))), invoke)
        return typed_result(memo, key.id, handler, output_type)

    def sleep(self, step_id: StepId, duration: str | timedelta) -> None:
        """Let the run sleep for a duration such as `"24h"`, up to 366 days. No thread and no request is held."""
        key = self._key(step_id)
        self._ask(key, lambda: catalogue.sleep(key, duration))

    def sleep_until(self, step_id: StepId, when: datetime) -> None:
        """Let the run sleep until a moment, which must have a time zone; one in the past is over at once."""
        key = self._key(step_id)
        self._ask(key, lambda: catalogue.sleep_until(key, when, datetime.now(UTC)))

    @overload
    def wait_for_event(
        self, step_id: StepId, *, event: EventType[Model], timeout: str | timedelta, if_exp: str | None = None
    ) -> Event[Model] | None: ...
    @overload
    def wait_for_event(
        self, step_id: StepId, *, event: str, timeout: str | timedelta, if_exp: str | None = None
    ) -> Event | None: ...
    def wait_for_event(
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
        memo = self._ask(key, lambda: catalogue.wait_for_event(key, event, timeout, if_exp))
        found = event_of(memo)
        return event.read(found) if found is not None and isinstance(event, EventType) else found

    def wait_for_signal(
        self, step_id: StepId, *, signal: str, timeout: str | timedelta, on_conflict: OnConflict = "fail"
    ) -> Signal | None:
        """Wait for a signal that is sent after this, up to `timeout`; None if none came.

        Only one run can wait for a signal: if another one does, this run fails, or takes its place with
        `on_conflict="replace"`.
        """
        key = self._key(step_id)
        memo = self._ask(key, lambda: catalogue.wait_for_signal(key, signal, timeout, on_conflict))
        return signal_of(result_of(memo, key.id))

    def send_signal(self, step_id: StepId, *, signal: str, data: Any = None) -> str | None:
        """Send a signal once; give the id of the run that waited for it, or None if none did."""
        key = self._key(step_id)
        invoke = Invoke(self._app.send_signal_sync, (signal, data))
        memo = self._ask(key, lambda: catalogue.run(key, run_opts(catalogue.SEND_SIGNAL)), invoke)
        return cast("str | None", result_of(memo, key.id))

    def fetch(
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
        memo = self._ask(key, lambda: catalogue.fetch(key, url, method, headers, body))
        return response_of(result_of(memo, key.id))

    def send_event(self, step_id: StepId, events: Event[Any] | Sequence[Event[Any]]) -> list[str]:
        """Send events once, and give the ids that the server assigned. Use it rather than `client.send` in a function.

        An event without an `id` gets one of the run and the step: sent again after a crash, it starts nothing twice.
        """
        key = self._key(step_id)
        invoke = Invoke(self._app.send_sync, (identified(events, self._execution.terms.run_id, key),))
        memo = self._ask(key, lambda: catalogue.run(key, run_opts(catalogue.SEND_EVENT)), invoke)
        return cast("list[str]", result_of(memo, key.id))

    def invoke(
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
        memo = self._ask(key, lambda: catalogue.invoke(key, target, data, timeout, v))
        return cast("T", typed_result(memo, key.id, function.handler))

    def invoke_by_id(
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
        memo = self._ask(key, lambda: catalogue.invoke(key, target, data, timeout, v))
        return result_of(memo, key.id)


class GroupSync:
    """Steps in parallel."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    @overload
    def parallel(
        self, callables: tuple[Callable[[], T1]], *, mode: ParallelMode = ..., parallel_mode: Any = ...
    ) -> tuple[T1]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], T1], Callable[[], T2]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], T1], Callable[[], T2], Callable[[], T3]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2, T3]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], T1],
            Callable[[], T2],
            Callable[[], T3],
            Callable[[], T4],
        ],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T1, T2, T3, T4]: ...
    @overload
    def parallel(
        self,
        callables: Sequence[Callable[[], T]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
    ) -> tuple[T, ...]: ...
    @overload
    def parallel(
        self,
        callables: Sequence[Callable[[], Any]],
        *,
        mode: ParallelMode = ...,
        parallel_mode: Any = ...,
        return_exceptions: bool,
    ) -> tuple[Any, ...]: ...
    def parallel(
        self,
        callables: Sequence[Callable[[], Any]],
        *,
        mode: ParallelMode = ParallelMode.WAIT,
        parallel_mode: ParallelMode | None = None,
        return_exceptions: bool = False,
    ) -> tuple[Any, ...]:
        """Call functions without arguments, each with steps in it, in parallel; give their results in that order.

        When all have ended and some have failed, the error of the first of those is raised; with `return_exceptions`
        the errors stand among the results instead. `parallel_mode` is the same as `mode`.
        """
        return self._execution.together(
            check_branches(callables), mode_of(mode, parallel_mode), return_exceptions=return_exceptions
        )


@dataclass(frozen=True, kw_only=True)
class ContextSync(BaseContext[Data], Generic[Data]):
    """What a plain function is given: see BaseContext, and `step` and `group`."""

    step: StepSync
    group: GroupSync
