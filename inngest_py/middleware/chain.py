"""The middleware of one request, in order, as the engine sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from typing import Any, Final

from inngest_py.engine.effects import Flow, Hook, Invoke
from inngest_py.engine.hooks import Hooks, StepResult
from inngest_py.engine.plan import Step
from inngest_py.engine.verdict import Policy
from inngest_py.function import Function
from inngest_py.middleware.base import (
    CallInput,
    ErrorReport,
    MemoOutput,
    Middleware,
    SendEventsResult,
    StepInfo,
    StepMemos,
    TransformOutputResult,
)
from inngest_py.wire.codec import as_object
from inngest_py.wire.event import Event
from inngest_py.wire.failure import Failure


class Chain(Hooks):
    """Calls the hooks of several middlewares, those that are there; the first one is outermost."""

    def __init__(self, middlewares: Sequence[Middleware]) -> None:
        self._all: Final = middlewares
        self.active = self._has("transform_memo")
        self._began = False

    # The request and the function

    def around_call(self, ctx: CallInput, function: Function[Any]) -> AbstractContextManager[object]:
        """What is entered before anything of a call happens."""
        return self._around("around_call", ctx, function)

    def transform_input(
        self, ctx: CallInput, function: Function[Any], memos: Mapping[str, Any]
    ) -> Flow[Mapping[str, Any]]:
        """Change what the function is given. Gives the memos."""
        if not self._has("transform_input"):
            return memos
        steps = StepMemos(memos)
        yield from self._in("transform_input", ctx, function, steps)
        return steps.to_memos()

    def memos_used_up(self) -> Flow[None]:
        """Call `before_execution`, once."""
        if not self._began:
            self._began = True
            yield from self._in("before_execution")

    def after_execution(self) -> Flow[None]:
        """The function has ended, for now; if it met no new step, that is the moment when all was replayed."""
        yield from self.memos_used_up()
        yield from self._out("after_execution")

    def function_output(self, output: Any, error: BaseException | None) -> Flow[TransformOutputResult]:
        """Change what the function returned."""
        result = TransformOutputResult(output, error)
        yield from self._out("transform_output", result)
        return result

    def failed(
        self, step: Step | None, error: BaseException, failure: Failure, policy: Policy, *, final: bool
    ) -> Flow[Failure]:
        """An attempt has failed; change what is told of it."""
        if not self._has("transform_error"):
            return failure
        shown = None if step is None else _info(step, None, policy=policy)
        report = ErrorReport(error, failure, final, policy.attempt, shown)
        yield from self._out("transform_error", report)
        return report.failure

    def before_response(self) -> Flow[None]:
        """The reply is known."""
        yield from self._out("before_response")

    # Each step

    def report(self, step: Step, invoke: Invoke | None) -> Flow[tuple[Step, Invoke | None]]:
        """A step that has no result is about to run or to be reported."""
        yield from self.memos_used_up()
        if not self._has("transform_step"):
            return step, invoke
        info = _info(step, invoke)
        yield from self._in("transform_step", info)
        changed = replace(step, opts=info.opts or None)
        if invoke is None or info.handler is None:
            return changed, invoke
        return changed, Invoke(info.handler, info.args, info.kwargs)

    def recall(self, step: Step, memo: Any) -> Flow[Any]:
        """A memoized step is about to have its result."""
        info = _info(step, None, memoized=True)
        wrapped = as_object(memo) if step.is_wrapped else None
        if wrapped is None or not ("data" in wrapped or "error" in wrapped):
            held = MemoOutput(memo, None)
            yield from self._in("transform_memo", info, held)
            return held.data
        held = MemoOutput(wrapped.get("data"), wrapped.get("error"))
        yield from self._in("transform_memo", info, held)
        return {**wrapped, "error": held.error} if "error" in wrapped else {**wrapped, "data": held.data}

    def around_step(self, step: Step, invoke: Invoke, policy: Policy) -> AbstractContextManager[object]:
        """What is entered before an attempt of a step."""
        return self._around("around_step", _info(step, invoke, policy=policy))

    def before_step(self, step: Step, invoke: Invoke, policy: Policy) -> Flow[None]:
        """A step's handler is about to be called."""
        yield from self._in("before_step", _info(step, invoke, policy=policy))

    def after_step(self, step: Step, result: StepResult, policy: Policy) -> Flow[None]:
        """A step's handler has returned or raised."""
        shown = TransformOutputResult(result.output, result.error, _info(step, None, policy=policy))
        yield from self._out("after_step", shown.step, shown)
        if result.error is None:
            yield from self._out("transform_output", shown)
        result.output = shown.output

    # Events

    def before_send_events(self, events: Iterable[Event[Any]]) -> Flow[list[Event[Any]]]:
        """Change the events that are about to be sent."""
        listed = list(events)
        yield from self._in("before_send_events", listed)
        return listed

    def after_send_events(self, ids: list[str], error: str | None = None) -> Flow[None]:
        """Events were sent, or could not be."""
        yield from self._out("after_send_events", SendEventsResult(ids, error))

    def _has(self, name: str) -> bool:
        return any(getattr(type(one), name) is not getattr(Middleware, name) for one in self._all)

    def _in(self, name: str, *args: object) -> Flow[None]:
        """Call a hook of each, outermost first."""
        return self._call(self._all, name, args)

    def _out(self, name: str, *args: object) -> Flow[None]:
        """Call a hook of each, innermost first."""
        return self._call(self._all[::-1], name, args)

    def _around(self, name: str, *args: object) -> AbstractContextManager[object]:
        """All that a hook of each gives, as one, outermost first."""
        return _Around([getattr(one, name) for one in self._all], args) if self._has(name) else nullcontext()

    def _call(self, middlewares: Sequence[Middleware], name: str, args: tuple[object, ...]) -> Flow[None]:
        for one in middlewares:
            if getattr(type(one), name) is not getattr(Middleware, name):
                yield Hook(getattr(one, name), args)


class _Around(AbstractContextManager[object]):
    """Several context managers as one; they are made when it is entered."""

    def __init__(self, hooks: Sequence[Callable[..., AbstractContextManager[object]]], args: Sequence[object]) -> None:
        self._hooks = hooks
        self._args = args
        self._entered = ExitStack()

    def __enter__(self) -> None:
        with ExitStack() as entering:
            for hook in self._hooks:
                entering.enter_context(hook(*self._args))
            self._entered = entering.pop_all()

    def __exit__(self, *_raised: object) -> None:
        self._entered.close()


def _info(step: Step, invoke: Invoke | None, *, memoized: bool = False, policy: Policy | None = None) -> StepInfo:
    args, kwargs = ((), {}) if invoke is None else (tuple(invoke.args), dict(invoke.kwargs))
    key, (attempt, most) = step.key, (policy.attempt, policy.max_attempts) if policy else (0, None)
    handler = None if invoke is None else invoke.handler
    return StepInfo(
        key.id, key.name, key.hashed, step.opcode, dict(step.opts or {}), args, kwargs, memoized, attempt, most, handler
    )
