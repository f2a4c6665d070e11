"""HTTP to an Inngest server. The one importer of httpx, which is imported when the first request is made."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from inngest_py.errors import ServerError, UsageError
from inngest_py.wire.http import Request, Response

if TYPE_CHECKING:
    import httpx  # noqa: TC004 - at run time it is there when the first request is made

TIMEOUT: Final = 30.0
"""How long a request may take, in seconds, where nothing else is said."""

HTTPClient: TypeAlias = "httpx.Client | httpx.AsyncClient"
"""A client of the HTTP library, of either colour."""

_Kept: TypeAlias = "tuple[httpx.AsyncClient, AsyncGenerator[None]]"

_lock: Final = threading.Lock()
_by_loop: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept]] = WeakKeyDictionary()

_under_way: Final[set[asyncio.Future[Any]]] = set()

_sending: Final[ContextVar[bool]] = ContextVar("inngest_sending", default=False)
"""Whether the HTTP library is at work for us, and not for the rest of the program."""

_unsaid: Final[ContextVar[bool]] = ContextVar("inngest_unsaid", default=False)
"""Whether the HTTP library's log says nothing of the requests that are made in this context."""

_server: Final[ContextVar[Callable[[Request], Response] | None]] = ContextVar("inngest_server", default=None)
"""Who answers in this context instead of a server, or None."""


def is_sending() -> bool:
    """Whether the HTTP library is at work for us here, and not for the rest of the program."""
    return _sending.get()


def say_nothing() -> None:
    """Have the HTTP library's log say nothing of what is sent in this context from now on."""
    _unsaid.set(True)


@contextmanager
def answered_by(server: Callable[[Request], Response]) -> Generator[None]:
    """Have all requests that are made in this context answered here, without a network."""
    token = _server.set(server)
    try:
        yield
    finally:
        _server.reset(token)


class Transport:
    """Sends requests, from plain code and from any event loop.

    Without a client of their own all transports share one in plain code, and one in each event loop, which is closed
    with the loop. A given httpx.Client serves both colours, a given httpx.AsyncClient only coroutines.
    """

    def __init__(self, client: HTTPClient | None = None, timeout: float | None = None) -> None:
        hide_event_keys()
        self._given = client
        self._timeout = TIMEOUT if timeout is None else timeout

    def send(self, request: Request, timeout: float | None = None) -> Response:
        """Send a request from plain code. Raises ServerError if there is no answer."""
        server = _server.get()
        if server is not None:
            return server(request)
        with _answered(request):
            client = self._client()
            return _response(client.send(client.build_request(**self._parts(request, timeout))))

    async def asend(self, request: Request, timeout: float | None = None) -> Response:
        """Send a request from a coroutine. Raises ServerError if there is no answer."""
        server = _server.get()
        if server is not None:
            return server(request)
        with _answered(request):
            if isinstance(self._given, httpx.Client):
                return await asyncio.to_thread(self.send, request, timeout)
            client = self._given or await _client_of_loop()
            return _response(await _to_its_end(client.send(client.build_request(**self._parts(request, timeout)))))

    def _client(self) -> httpx.Client:
        if isinstance(self._given, httpx.AsyncClient):
            raise UsageError(
                "http_client is an httpx.AsyncClient, which plain code cannot use: give Inngest an httpx.Client, "
                "which serves async code as well"
            )
        with _lock:
            return self._given or _client_of_process()

    def _parts(self, request: Request, timeout: float | None) -> Mapping[str, Any]:
        return {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "content": request.body,
            "timeout": self._timeout if timeout is None else timeout,
        }


@cache
def _client_of_process() -> httpx.Client:
    client = httpx.Client()
    atexit.register(client.close)
    return client


async def _client_of_loop() -> httpx.AsyncClient:
    loop = asyncio.get_running_loop()
    kept = _by_loop.get(loop)
    if kept is None:
        client = httpx.AsyncClient()
        lifetime = _closing(client)
        kept = _by_loop[loop] = client, lifetime
        await anext(lifetime)
    return kept[0]


async def _closing(client: httpx.AsyncClient) -> AsyncGenerator[None]:
    """Close a client when its loop ends, for a loop closes its asynchronous generators then."""
    try:
        yield
    finally:
        await client.aclose()


async def _to_its_end(sending: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
    """Await a request. One that nobody awaits any more goes on, and its outcome is let go of.

    A connection that is left in the middle of a request may never come back to those that can be used, of which there
    are a hundred.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        _under_way.add(task)
        task.add_done_callback(_forget)
        raise


def _forget(task: asyncio.Future[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nothing complains


@contextmanager
def _answered(request: Request) -> Generator[None]:
    """Have the HTTP library at hand, and its errors turned into ours."""
    globals().setdefault("httpx", importlib.import_module("httpx"))  # under the name that type checkers know
    token = _sending.set(True)
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(request, error) from None
    finally:
        _sending.reset(token)


class _HideEventKeys(logging.Filter):
    """Keeps event keys, which are part of the URL that events are sent to, out of the HTTP library's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _unsaid.get():
            return False
        if _sending.get() and isinstance(record.args, tuple):
            record.args = tuple(map(_without_key, record.args))
        return True


def _without_key(argument: object) -> object:
    start, found, _ = str(argument).partition("/e/")
    return f"{start}/e/***" if found else argument


_FILTER: Final = _HideEventKeys()


def hide_event_keys() -> None:
    """Have the HTTP library's log show no event key."""
    logging.getLogger("httpx").addFilter(_FILTER)


def _response(answer: httpx.Response) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.content)


def _unreachable(request: Request, error: Exception) -> ServerError:
    """Say which server could not be reached and why; the path may carry a key and the host a password: left out."""
    parts = urlsplit(request.url)
    reason = str(error) or type(error).__name__
    host = parts.netloc.rpartition("@")[2]
    return ServerError(f"the Inngest server at {parts.scheme}://{host} cannot be reached: {reason}")
