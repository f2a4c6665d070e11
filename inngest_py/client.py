"""The client: declares functions and sends events."""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypedDict, TypeVar, cast, overload

from inngest_py.config.checkpointing import Checkpointing
from inngest_py.config.duration import parse_duration
from inngest_py.config.event_type import EventType
from inngest_py.config.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from inngest_py.config.handler import check_call, check_colour
from inngest_py.config.retries import Retries
from inngest_py.config.trigger import Trigger
from inngest_py.engine.catalogue import check_signal
from inngest_py.engine.drive import adrive, drive
from inngest_py.engine.effects import Flow
from inngest_py.errors import ConfigError, SendEventsError
from inngest_py.flows.authorized import outgoing_headers
from inngest_py.flows.checkpoints import Silence
from inngest_py.flows.events import Sending, send_events
from inngest_py.flows.logs import LogPost
from inngest_py.flows.signals import send_signal
from inngest_py.function import Function, check_handler, declare, failure_function
from inngest_py.middleware.base import Middleware, MiddlewareFactory
from inngest_py.middleware.chain import Chain
from inngest_py.performer import Performer
from inngest_py.runtime import Threads
from inngest_py.settings import NO_EVENT_KEY, read_settings
from inngest_py.steps.aio import Context
from inngest_py.steps.sync import ContextSync
from inngest_py.transport import Transport
from inngest_py.wire.event import Event

if TYPE_CHECKING:
    import httpx
    from typing_extensions import Unpack

T = TypeVar("T")
Model = TypeVar("Model")

_EVENT: Final[type] = Event
_SINGLE: Final[tuple[type, ...]] = (Event, str, bytes, Mapping)
_LONGEST_APP_ID: Final = 126
"""With the id of a function, of 128 characters at most, it is an id of 255."""

_APP_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class FunctionOptions(TypedDict, total=False):
    """What a function may be told besides its id and its triggers. All of it is optional."""

    name: str | None
    retries: int | Retries | None
    on_failure: Callable[..., Any] | None
    concurrency: int | Concurrency | Sequence[Concurrency] | None
    throttle: Throttle | None
    rate_limit: RateLimit | None
    debounce: Debounce | None
    batch_events: Batch | None
    priority: Priority | None
    singleton: Singleton | None
    cancel: Cancel | Sequence[Cancel] | None
    timeouts: Timeouts | None
    idempotency: str | None
    checkpointing: Checkpointing | bool | None
    middleware: Sequence[MiddlewareFactory]


class Decorator(Generic[Model]):
    """Declares the function that it decorates."""

    def __init__(self, declare: Callable[[Callable[..., Any]], Function[Any]]) -> None:
        self._declare = declare

    @overload
    def __call__(self, handler: Callable[[Context[Model]], Coroutine[Any, Any, T]], /) -> Function[T]: ...
    @overload
    def __call__(self, handler: Callable[[ContextSync[Model]], T], /) -> Function[T]: ...
    def __call__(self, handler: Callable[[Any], Any], /) -> Function[Any]:
        """Declare a function, plain or async. The result is still callable as it was."""
        return self._declare(handler)


class Inngest:
    """An app: its functions and the way to its Inngest server.

    Every argument that is not given comes from its `INNGEST_*` variable. `is_production` is true unless `INNGEST_DEV`
    is set. `http_client` is an httpx client of your own; `request_timeout` is a duration, 30 s if none is given.
    Raises ConfigError for what cannot work, naming it.
    """

    def __init__(
        self,
        *,
        app_id: str,
        is_production: bool | None = None,
        env: str | None = None,
        event_key: str | None = None,
        signing_key: str | None = None,
        signing_key_fallback: str | None = None,
        base_url: str | None = None,
        api_base_url: str | None = None,
        event_api_base_url: str | None = None,
        app_version: str | None = None,
        logger: logging.Logger | None = None,
        middleware: Sequence[MiddlewareFactory] = (),
        checkpointing: Checkpointing | bool = True,
        http_client: httpx.Client | httpx.AsyncClient | None = None,
        request_timeout: str | timedelta | None = None,
    ) -> None:
        self.app_id: Final = _check_app_id(app_id)
        self.app_version: Final = app_version
        self.middleware: Sequence[MiddlewareFactory] = _middlewares(middleware)
        self.checkpointing = read_checkpointing(checkpointing)
        self.settings = read_settings(
            is_production=is_production,
            env=env,
            event_key=event_key,
            signing_key=signing_key,
            signing_key_fallback=signing_key_fallback,
            base_url=base_url,
            api_base_url=api_base_url,
            event_api_base_url=event_api_base_url,
        )
        self.logger = logger or _default_logger(self.settings.log_level)
        self.transport: Final = Transport(http_client, _seconds(request_timeout))
        self._performer: Final = Performer(self.transport, Threads(0))
        self.silence = Silence()
        self.logs: Final = LogPost(self.settings, time.time)
        self._functions: tuple[Function[Any], ...] = ()
        self._large: set[str] = set()

    def __repr__(self) -> str:
        """Show the app and its mode, and no key."""
        return f"<Inngest {self.app_id} {self.settings.server_kind}>"

    @property
    def functions(self) -> Sequence[Function[Any]]:
        """The functions that were declared, in that order."""
        return self._functions

    @property
    def is_production(self) -> bool:
        """Whether requests are signed and verified, and go to the cloud unless told otherwise."""
        return not self.settings.dev

    # Declaring -------------------------------------------------------------------------------------------------------

    @overload
    def create_function(
        self, *, fn_id: str, trigger: EventType[Model], **options: Unpack[FunctionOptions]
    ) -> Decorator[Model]: ...
    @overload
    def create_function(
        self, *, fn_id: str, trigger: Trigger | Sequence[Trigger], **options: Unpack[FunctionOptions]
    ) -> Decorator[Any]: ...
    def create_function(self, *, fn_id: str, trigger: Any, **options: Unpack[FunctionOptions]) -> Decorator[Any]:
        """Declare a function, plain or async, that runs when `trigger` fires.

        `fn_id` must stay the same from one deployment to the next. `trigger` is a TriggerEvent, a TriggerCron, an
        EventType or a list of them; an empty list makes a function that is only invoked. `retries` is a number from 0
        to 20, or Retries; `on_failure` is called when the function has failed for good. Raises ConfigError that names
        the function, the field, the value and the rule.
        """
        unknown = sorted(set(options) - set(FunctionOptions.__annotations__))
        if unknown:
            raise ConfigError(f'function "{fn_id}": there is no option {", ".join(unknown)}')
        return Decorator(lambda handler: self._declare(fn_id, trigger, handler, options))

    def _declare(
        self, fn_id: str, trigger: object, handler: Callable[..., Any], options: FunctionOptions
    ) -> Function[Any]:
        if not callable(handler):
            raise ConfigError(f'function "{fn_id}": {handler!r} is not a function')
        declaration = declare(fn_id, trigger, options)
        check_handler(fn_id, handler, (check_call, check_colour))
        extras: dict[str, Any] = {**_extras(fn_id, options), "client": self}
        on_failure = failure_function(self.app_id, declaration, options.get("on_failure"), **extras)
        function = Function[Any](self.app_id, declaration, handler, on_failure, **extras)
        self._add(function)
        return function

    def _add(self, function: Function[Any]) -> None:
        """Keep a function. Raises ConfigError if one of the ids that it needs is taken."""
        taken = {part.id: known for known in self._functions for part in known.parts()}
        for part in function.parts():
            if part.id in taken:
                raise ConfigError(
                    f'function "{function.local_id}": the id "{part.local_id}" is taken by {taken[part.id].handler!r}; '
                    "every function of an app needs an id of its own"
                )
        self._functions = (*self._functions, function)

    # Sending ---------------------------------------------------------------------------------------------------------

    async def send(self, events: Event[Any] | Iterable[Event[Any]], *, skip_middleware: bool = False) -> list[str]:
        """Send an event or several, and give the ids that the server assigned, in the same order.

        Tries again while the server cannot be reached, without sending anything twice. Raises SendEventsError with
        the reason and the ids of those events that were accepted.
        """
        return await adrive(self._sending(events, skip_middleware=skip_middleware), self._performer.aperform)

    def send_sync(self, events: Event[Any] | Iterable[Event[Any]], *, skip_middleware: bool = False) -> list[str]:
        """Do the same as `send` in plain code."""
        return drive(self._sending(events, skip_middleware=skip_middleware), self._performer.perform)

    async def send_signal(self, signal: str, data: Any = None) -> str | None:
        """Send a signal to the run that waits for it; give that run's id, or None if none waits.

        A signal is not kept for who waits later. Raises ServerError if the server refuses or cannot be reached.
        """
        return await adrive(self._signalling(signal, data), self._performer.aperform)

    def send_signal_sync(self, signal: str, data: Any = None) -> str | None:
        """Do the same as `send_signal` in plain code."""
        return drive(self._signalling(signal, data), self._performer.perform)

    def _signalling(self, signal: str, data: Any) -> Flow[str | None]:
        return send_signal(self.settings, check_signal(signal, "send_signal"), data)

    def _sending(self, events: Event[Any] | Iterable[Event[Any]], *, skip_middleware: bool) -> Flow[list[str]]:
        """Send events between the hooks of the middleware."""
        listed = _listed(events)
        chain = Chain([] if skip_middleware else [make(self, None) for make in self.middleware])
        try:
            ids = yield from self._send((yield from chain.before_send_events(listed)))
        except SendEventsError as error:
            yield from chain.after_send_events(error.ids, error.message)
            raise
        yield from chain.after_send_events(ids)
        return ids

    def _send(self, events: Sequence[Event[Any]]) -> Flow[list[str]]:
        settings = self.settings
        key = settings.event_key or (NO_EVENT_KEY if settings.dev else None)
        if key is None:
            raise ConfigError(
                "there is no event key: set INNGEST_EVENT_KEY or Inngest(event_key=...); for local development set "
                "INNGEST_DEV=1"
            )
        return send_events(
            Sending(
                origin=settings.event_api_origin,
                event_key=key,
                headers=outgoing_headers(settings),
                events=events,
                now=time.time_ns() // 1_000_000,
                entropy=_entropy(),
                jitter=secrets.randbelow(1000) / 1000,
                note_large=self._note_large,
            )
        )

    def _note_large(self, name: str, size: int) -> None:
        """Say of the events of a name that they are large: once, for there may be many."""
        if name not in self._large:
            self._large.add(name)
            self.logger.warning(
                'inngest: the event "%s" has %d KiB: store what it carries, and send where that is', name, size // 1024
            )


def _entropy() -> Iterator[bytes]:
    while True:
        yield os.urandom(10)


def _listed(events: object) -> Sequence[Event[Any]]:
    listed: Iterable[object] = (events,)
    if isinstance(events, Iterable) and not isinstance(events, _SINGLE):
        listed = cast("Iterable[object]", events)
    return tuple(map(_checked, listed))


def _checked(event: object) -> Event[Any]:
    if not isinstance(event, _EVENT):
        raise TypeError(f"send takes Events, not a {type(event).__name__}: write Event(name=..., data=...)")
    return cast("Event[Any]", event)


def _extras(fn_id: str, options: FunctionOptions) -> dict[str, Any]:
    """What a function says of its own running, and not of when it runs."""
    said = options.get("checkpointing")
    return {
        "middleware": _middlewares(options.get("middleware") or (), f'function "{fn_id}": '),
        "checkpointing": None if said is None else read_checkpointing(said) or False,
    }


def _middlewares(given: object, owner: str = "") -> Sequence[MiddlewareFactory]:
    """What makes the middleware of each request. Raises ConfigError for what makes none."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigError(f"{owner}middleware={given!r} must be a list of classes: write middleware=[MyMiddleware]")
    listed = tuple(cast("Iterable[object]", given))
    for one in listed:
        if isinstance(one, Middleware) or not callable(one):
            raise ConfigError(
                f"{owner}middleware=[{one!r}] must be a class, of which one is made for each request: write "
                "middleware=[MyMiddleware]"
            )
    return cast("Sequence[MiddlewareFactory]", listed)


def read_checkpointing(given: object) -> Checkpointing | None:
    """How a function goes on after a step: `True` means with the defaults, `False` not at all."""
    if isinstance(given, Checkpointing):
        return given
    if not isinstance(given, bool):
        raise ConfigError(f"checkpointing={given!r} must be True, False, or Checkpointing(...)")
    return Checkpointing() if given else None


def _seconds(request_timeout: str | timedelta | None) -> float | None:
    try:
        return None if request_timeout is None else parse_duration(request_timeout).total_seconds()
    except ConfigError as error:
        raise ConfigError(f"request_timeout: {error}") from None


def _default_logger(level: int | None) -> logging.Logger:
    """The logger of this package, which is as talkative as the host's logging says, unless a variable says it."""
    logger = logging.getLogger("inngest_py")
    if level is not None:
        logger.setLevel(level)
    return logger


def _check_app_id(app_id: object) -> str:
    if not isinstance(app_id, str) or not _APP_ID.fullmatch(app_id) or len(app_id) > _LONGEST_APP_ID:
        raise ConfigError(
            f'app_id={app_id!r:.200} is not valid: use letters, digits, "-", "_" and ".", {_LONGEST_APP_ID} characters '
            'at most, as in "my-shop"'
        )
    return app_id
