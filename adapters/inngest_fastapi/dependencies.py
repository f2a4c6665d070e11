"""FastAPI's dependencies in functions: made when a function begins, closed when its call has ended.

A route of FastAPI's makes them: its endpoint lends what it was given, and waits until that is given back. So they are
made, overridden, cached and closed by FastAPI itself, each in one task, and no part of FastAPI is used but its routes.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from fastapi import Response
from fastapi.routing import APIRoute
from starlette.types import Message, Scope

from inngest_py import ConfigError, Function, Middleware, UsageError
from inngest_py.middleware import CallInput

Ctx = TypeVar("Ctx")
T = TypeVar("T")
P = ParamSpec("P")

current_scope: ContextVar[Scope] = ContextVar("inngest_fastapi_scope")
"""The scope of the request that is being answered."""

current_loans: ContextVar[Loans] = ContextVar("inngest_fastapi_loans")
"""The dependencies of the call that is being answered."""


def with_dependencies(function: Callable[Concatenate[Ctx, P], T]) -> Callable[[Ctx], T]:
    """Have FastAPI give a function what it takes besides its context: `Depends`, `Annotated` or not.

        @client.create_function(fn_id="bill", trigger=order_placed)
        @with_dependencies
        async def bill(ctx: inngest.Context, db: Annotated[Session, Depends(session)]) -> str: ...

    The client has to be served by `inngest_fastapi.serve`. Dependencies are made anew for every call of the
    function, of which a run has several, and closed before its reply is sent; what the function raises is raised
    in those that `yield`. What one raises when it is closed fails the attempt, but what a step has done stands: so
    commit in the step. `app.dependency_overrides` apply. Raises ConfigError if a parameter is neither a dependency
    nor has a default.
    """
    lent = Lent(function)
    wrapper: Any = _async_wrapper(function, lent) if inspect.iscoroutinefunction(function) else _wrapper(function, lent)
    wrapper.__signature__ = lent.context_only
    wrapper.__annotations__ = lent.annotations
    return cast("Callable[[Ctx], T]", wrapper)


def _async_wrapper(function: Callable[..., Any], lent: Lent) -> Callable[[Any], Any]:
    @functools.wraps(function)
    async def called(ctx: Any) -> Any:
        loan = await _loans(ctx).lend(lent)
        try:
            return await function(ctx, **loan.values)
        except Exception as error:
            loan.error = error
            raise

    return called


def _wrapper(function: Callable[..., Any], lent: Lent) -> Callable[[Any], Any]:
    @functools.wraps(function)
    def called(ctx: Any) -> Any:
        loans = _loans(ctx)
        loan = asyncio.run_coroutine_threadsafe(loans.lend(lent), loans.loop).result()
        try:
            return function(ctx, **loan.values)
        except Exception as error:
            loan.error = error
            raise

    return called


def _loans(ctx: Any) -> Loans:
    loans = current_loans.get(None)
    if loans is None:
        raise UsageError(
            f'function "{ctx.function.id}" has dependencies of FastAPI, and there is no request of a FastAPI app here: '
            "serve the client with inngest_fastapi.serve, or call the function below with_dependencies"
        )
    return loans


class Lent:
    """What a function takes besides its context, and the routes that lend it, one for each app."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.annotations: Final = inspect.get_annotations(function, eval_str=True)
        signature = inspect.signature(function)
        parameters = [
            parameter.replace(annotation=self.annotations.get(name, parameter.annotation))
            for name, parameter in signature.parameters.items()
        ]
        if not parameters:
            raise ConfigError(f"{function.__qualname__} takes no context: write def name(ctx, ...)")
        context, *others = parameters
        self.context_only: Final = signature.replace(parameters=[context])
        self._others: Final = [other.replace(kind=inspect.Parameter.KEYWORD_ONLY) for other in others]
        self._name: Final = function.__qualname__
        self._routes: Final = dict[int, APIRoute]()
        self._check(self.route(None))

    def route(self, app: Any) -> APIRoute:
        """The route that lends it in an app."""
        if id(app) not in self._routes:
            lend: Any = functools.partial(_lend)
            lend.__signature__ = inspect.Signature(self._others)
            route = APIRoute("/", lend, dependency_overrides_provider=app, methods=["POST"], response_model=None)
            self._routes[id(app)] = route
        return self._routes[id(app)]

    def _check(self, route: APIRoute) -> None:
        """Refuse what a request for a call has no values for."""
        asked = {*route.dependant.query_params, *route.dependant.body_params}
        missing = [field.name for field in asked if field.field_info.is_required()]
        if missing:
            raise ConfigError(
                f"{self._name} takes {', '.join(missing)}, which no dependency gives: write "
                f"{missing[0]}: Annotated[..., Depends(...)]"
            )


class Loan:
    """What was lent to a function, until it is given back; `error` is what the function raised meanwhile."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.error: Exception | None = None
        self.is_lent: Final = asyncio.Event()
        self.is_back: Final = asyncio.Event()


current_loan: ContextVar[Loan] = ContextVar("inngest_fastapi_loan")
"""The loan that a route is about."""


async def _lend(**values: Any) -> Response:
    """Lend what FastAPI has made, and wait. What is raised here, FastAPI raises in the dependencies."""
    loan = current_loan.get()
    loan.values = values
    loan.is_lent.set()
    await loan.is_back.wait()
    if loan.error is not None:
        raise loan.error
    return Response()


class Loans:
    """All that was lent in one call. It is made on the server's loop."""

    def __init__(self, scope: Scope) -> None:
        self.loop: Final = asyncio.get_running_loop()
        self._scope: Final = scope
        self._open: Final = list[tuple[Loan, asyncio.Task[None]]]()

    async def lend(self, lent: Lent) -> Loan:
        """Have FastAPI make what a function takes. Raises what a dependency raises."""
        loan = Loan()
        task = asyncio.create_task(self._run(lent, loan))
        self._open.append((loan, task))
        waiting = asyncio.create_task(loan.is_lent.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        if not loan.is_lent.is_set():
            waiting.cancel()
            self._open.pop()
            await task
        return loan

    async def _run(self, lent: Lent, loan: Loan) -> None:
        current_loan.set(loan)
        scope = {**self._scope}
        scope.pop("starlette.exception_handlers", None)  # an HTTPException is no response here, but an error
        await lent.route(scope.get("app")).handle(scope, _nothing_more, _to_nobody)

    async def give_back(self) -> None:
        """Have everything closed. Raises what is raised by that, and not what the function raised itself."""
        errors: list[BaseException] = []
        for loan, task in reversed(self._open):
            shown = None if loan.error is None else loan.error.__traceback__
            loan.is_back.set()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            errors += [result] if isinstance(result, BaseException) and result is not loan.error else []
            if loan.error is not None:
                loan.error.__traceback__ = shown  # where the function raised it, without its way through FastAPI
        self._open.clear()
        if errors:
            raise errors[0]

    def drop(self) -> None:
        """Have closed what nobody gave back, because the request was cancelled."""
        for _, task in self._open:
            task.cancel()


class Dependencies(Middleware):
    """Closes the dependencies of a call before its reply is made."""

    _loans: Loans | None = None

    def around_call(self, ctx: CallInput, function: Function[Any]) -> AbstractContextManager[object]:
        """Let the function take loans."""
        return self._lending()

    @contextmanager
    def _lending(self) -> Generator[None]:
        scope = current_scope.get(None)
        if scope is None:
            yield
            return
        self._loans = Loans(scope)
        token = current_loans.set(self._loans)
        try:
            yield
        finally:
            self._loans.drop()
            current_loans.reset(token)

    async def after_execution(self) -> None:
        """Have everything closed; an error in that is one of the attempt."""
        if self._loans is not None:
            await self._loans.give_back()


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _to_nobody(_message: Message) -> None:
    """Send nothing: what answers the request is the reply to the call."""
