"""HTTP to an Inngest server. The one importer of httpx, which is imported when the first request is made."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from inngest_py.errors import ServerError
from inngest_py.wire.http import Request, Response

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = 30.0
"""How long a request may take, in seconds, where nothing else is said."""


class Transport:
    """Sends requests, from plain code and from any event loop.

    Connections are kept while the loop that they belong to lives, and closed with it.
    """

    def __init__(self, client: httpx.Client | httpx.AsyncClient | None = None, timeout: float | None = None) -> None:
        self._given = client
        self._timeout = TIMEOUT if timeout is None else timeout
        self._lock = threading.Lock()
        self._plain: httpx.Client | None = None
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lifetime] = WeakKeyDictionary()

    def send(self, request: Request, timeout: float | None = None) -> Response:
        """Send a request from plain code. Raises ServerError if there is no answer."""
        import httpx  # noqa: PLC0415 - not needed by who only serves

        try:
            return _response(self._client().send(self._request(httpx, request, timeout)))
        except httpx.HTTPError as error:
            raise _unreachable(request, error) from None

    async def asend(self, request: Request, timeout: float | None = None) -> Response:
        """Send a request from a coroutine. Raises ServerError if there is no answer."""
        import httpx  # noqa: PLC0415 - not needed by who only serves

        try:
            client = await self._async_client()
            return _response(await client.send(self._request(httpx, request, timeout)))
        except httpx.HTTPError as error:
            raise _unreachable(request, error) from None

    def _request(self, library: Any, request: Request, timeout: float | None) -> httpx.Request:
        limits = library.Timeout(self._timeout if timeout is None else timeout).as_dict()
        headers = dict(request.headers)
        return library.Request(  # type: ignore[no-any-return]
            request.method, request.url, headers=headers, content=request.body, extensions={"timeout": limits}
        )

    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415 - not needed by who only serves

        with self._lock:
            if isinstance(self._given, httpx.Client):
                return self._given
            if self._plain is None:
                hide_event_keys()
                self._plain = httpx.Client()
            return self._plain

    async def _async_client(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415 - not needed by who only serves

        if isinstance(self._given, httpx.AsyncClient):
            return self._given
        loop = asyncio.get_running_loop()
        lifetime = self._by_loop.get(loop)
        if lifetime is None:
            hide_event_keys()
            lifetime = self._by_loop[loop] = _Lifetime(httpx.AsyncClient())
            await lifetime.begin()
        return lifetime.client


class _Lifetime:
    """Ties a client to its loop: a loop that ends closes its asynchronous generators, and this one the client."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self._generator = self._live()

    async def begin(self) -> None:
        """Make the loop know of the generator."""
        await anext(self._generator)

    async def _live(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self.client.aclose()


class _HideEventKeys(logging.Filter):
    """Keeps event keys, which are part of the URL that events are sent to, out of the HTTP library's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_without_key, record.args))
        return True


def _without_key(argument: object) -> object:
    text = str(argument)
    if "/e/" not in text:
        return argument
    return f"{text.partition('/e/')[0]}/e/***"


_FILTER: Final = _HideEventKeys()


def hide_event_keys() -> None:
    """Have the HTTP library's log show no event key."""
    logging.getLogger("httpx").addFilter(_FILTER)


def _response(answer: httpx.Response) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.content)


def _unreachable(request: Request, error: Exception) -> ServerError:
    """Say which server could not be reached and why; the path may carry a key, and is left out."""
    parts = urlsplit(request.url)
    reason = str(error) or type(error).__name__
    return ServerError(f"the Inngest server at {parts.scheme}://{parts.netloc} cannot be reached: {reason}")
