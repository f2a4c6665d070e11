"""The middleware of a test: it notes what a function does, and puts stubs in the place of steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol

from inngest_py.errors import UsageError
from inngest_py.middleware.base import (
    CallInput,
    MemoOutput,
    Middleware,
    MiddlewareFactory,
    SendEventsResult,
    StepInfo,
    TransformOutputResult,
)
from inngest_py.testing.colours import asgiref_in_use
from inngest_py.testing.journal import Attempt, Journal, Met, current_journal, plain
from inngest_py.testing.stubs import StepCall, Stub
from inngest_py.wire.event import Event

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


class Notebook(Protocol):
    """Where the middleware writes, and what it asks."""

    def journal(self, run_id: str) -> Journal:
        """The journal of a run."""
        ...

    def stub(self, function_id: str, step: StepInfo) -> Stub | None:
        """The stub of a step that runs in the app, or None."""
        ...

    def now(self) -> int:
        """The virtual time in Unix milliseconds."""
        ...


class Outer(Middleware):
    """Outermost: it sees steps as the code has them, before other middleware changes anything."""

    def __init__(self, client: Inngest, raw_request: object, notebook: Notebook) -> None:
        super().__init__(client, raw_request)
        self._notebook = notebook
        self._run_id = ""
        self._function_id = ""
        self._is_async = False
        self._attempt = 0
        self._events: list[Event[Any]] = []

    @contextmanager
    def around_call(self, ctx: CallInput, function: Function[Any]) -> Generator[None]:
        """Note whose call it is."""
        self._run_id, self._function_id, self._is_async = ctx.run_id, function.id, function.is_async
        self._notebook.journal(ctx.run_id).calls += 1
        yield

    def transform_step(self, step: StepInfo) -> None:
        """Note that the function asks for a step, and have its stub called if it has one."""
        self._notebook.journal(self._run_id).steps.setdefault(step.hashed_id, Met.of(step))
        stub = self._notebook.stub(self._function_id, step)
        if stub is not None and step.handler is not None:
            step.handler = self._stubbed(step, stub, step.handler)

    def _stubbed(self, step: StepInfo, stub: Stub, handler: Callable[..., Any]) -> Callable[..., Any]:
        """A function to call in the place of a step's own: of the function's colour, so that no thread is needed.

        But Django's database is for plain code only, which a stub may be.
        """

        def answer(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            try:
                return stub.answer(StepCall(step.id, self._run_id, self._attempt, args, kwargs, step.opts))
            except UsageError as error:
                self._notebook.journal(self._run_id).misuse = error
                raise

        @wraps(handler)
        def plainly(*args: Any, **kwargs: Any) -> Any:
            return answer(args, kwargs)

        @wraps(handler)
        async def in_coroutine(*args: Any, **kwargs: Any) -> Any:
            result = answer(args, kwargs)
            return await result if isawaitable(result) else result

        return in_coroutine if self._is_async and asgiref_in_use() is None else plainly

    @contextmanager
    def around_step(self, step: StepInfo) -> Generator[None]:
        """Note the attempt."""
        self._attempt = step.attempt
        yield

    def after_step(self, step: StepInfo, result: TransformOutputResult) -> None:
        """Note what came of it."""
        met = self._notebook.journal(self._run_id).steps[step.hashed_id]
        met.attempts.append(Attempt(self._notebook.now(), plain(result.output), result.error))

    def before_send_events(self, events: list[Event[Any]]) -> None:
        """Keep what is sent as the code has it."""
        self._events = [replace(event, data=plain(event.data), user=plain(event.user)) for event in events]

    def after_send_events(self, result: SendEventsResult) -> None:
        """Note it, if other middleware has neither added an event nor taken one away."""
        journal = current_journal.get()
        if journal is not None and len(result.ids) == len(self._events):
            journal.take(result.ids, self._events)


class Inner(Middleware):
    """Innermost: it sees the function's result before other middleware changes it."""

    def __init__(self, client: Inngest, raw_request: object, notebook: Notebook) -> None:
        super().__init__(client, raw_request)
        self._notebook = notebook
        self._run_id = ""

    @contextmanager
    def around_call(self, ctx: CallInput, function: Function[Any]) -> Generator[None]:
        """Note whose call it is."""
        self._run_id = ctx.run_id
        yield

    def transform_output(self, result: TransformOutputResult) -> None:
        """Note what the function returned."""
        if result.step is None and result.error is None:
            self._notebook.journal(self._run_id).output = plain(result.output)


class Reader(Inner):
    """Sees the stored results of steps, too, after other middleware has changed them, such as decrypted them."""

    def transform_memo(self, step: StepInfo, memo: MemoOutput) -> None:
        """Note what a step gives."""
        memos = self._notebook.journal(self._run_id).memos
        if step.hashed_id not in memos:
            memos[step.hashed_id] = MemoOutput(plain(memo.data), plain(memo.error))


def outer(notebook: Notebook) -> MiddlewareFactory:
    """What makes the outermost middleware of a call."""
    return lambda client, request: Outer(client, request, notebook)


def inner(notebook: Notebook, *, alone: bool) -> MiddlewareFactory:
    """What makes the innermost middleware of a call; `alone` says that there is no other but the outermost."""
    kind = Inner if alone else Reader
    return lambda client, request: kind(client, request, notebook)
