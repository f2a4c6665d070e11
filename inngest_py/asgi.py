"""An ASGI app around a handler: what the adapters for async frameworks share.

It needs no framework. Adapters mount an `Endpoint` wherever their framework takes an ASGI app.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any, Final, TypeVar

from inngest_py.handler import Handler
from inngest_py.wire.http import Request, Response, quoted

T = TypeVar("T")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]
"""An ASGI app. Frameworks do not agree on the types of what it takes."""

SOON: Final = 0.02
"""How long, in seconds, a client is not asked for whether it is still there; after twice that it is."""


class DisconnectError(Exception):
    """The client has left, and nobody is to be answered."""


class Endpoint:
    """An ASGI app that answers every HTTP request, whatever its path.

    A request whose client leaves is cancelled: the server will ask again, and nothing should run twice at once.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._lookout: Lookout | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with suppress(DisconnectError):
            request = await _read(scope, receive, self._handler.max_body)
            response = await self._while_connected(self._handler.ahandle(request), receive)
            await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})
            if response.chunks is not None:
                await self._while_connected(_stream(aiter(response.chunks), send), receive)
            await send({"type": "http.response.body", "body": response.body})

    async def _while_connected(self, work: Coroutine[Any, Any, T], receive: Receive) -> T:
        """Work, but not for a client that has left. Raises DisconnectError."""
        loop = asyncio.get_running_loop()
        lookout = self._lookout
        if lookout is None or lookout.loop is not loop:
            lookout = self._lookout = Lookout(loop)
        presence = Presence(receive, loop)
        lookout.enter(presence)
        try:
            return await work
        except asyncio.CancelledError:
            if presence.was_the_reason():
                raise DisconnectError from None
            raise
        finally:
            lookout.leave(presence)
            presence.end()


async def _stream(chunks: AsyncGenerator[bytes], send: Send) -> None:
    async with aclosing(chunks):
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


class Lookout:
    """Has an eye on the clients of one loop that wait longer than a moment; most are answered before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._arrived: set[Presence] = set()
        self._waiting: set[Presence] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, presence: Presence) -> None:
        """A client waits from now on."""
        self._arrived.add(presence)
        if self._timer is None:
            self._timer = self.loop.call_later(SOON, self._look)

    def leave(self, presence: Presence) -> None:
        """A client waits no longer."""
        self._arrived.discard(presence)
        self._waiting.discard(presence)

    def _look(self) -> None:
        for presence in self._waiting:
            presence.watch()
        self._waiting, self._arrived = self._arrived, set()
        self._timer = self.loop.call_later(SOON, self._look) if self._waiting else None


class Presence:
    """Cancels the task that it is made in when the client leaves, once it is watched."""

    __slots__ = ("_left", "_receive", "_task", "_watch")

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._receive = receive
        self._task = asyncio.current_task(loop)
        self._left = False
        self._watch: asyncio.Task[None] | None = None

    def was_the_reason(self) -> bool:
        """Whether the task was cancelled because the client has left, and for nothing else."""
        return self._left and self._task is not None and not self._task.uncancel()

    def watch(self) -> None:
        """Look whether the client leaves."""
        self._watch = asyncio.create_task(self._wait())

    def end(self) -> None:
        """Look no longer."""
        if self._watch is not None:
            self._watch.cancel()

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None:
            self._left = self._task.cancel()


async def _read(scope: Scope, receive: Receive, max_body: int) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope.get("raw_path") or scope["path"]
    server = tuple(scope.get("server") or ())
    url = _url(scope.get("scheme", "http"), headers.get("host"), server, scope.get("root_path", ""), path)
    query = scope["query_string"].decode(errors="replace")
    return Request(scope["method"], f"{url}?{query}", headers, await _body(receive, max_body))


@lru_cache(maxsize=64)
def _url(scheme: str, host: str | None, server: tuple[Any, ...], root: str, path: str | bytes) -> str:
    """The URL without its query; most requests come for the same one.

    The path is best taken as it arrived: who mounts us may have cut it, and may have put the root path before it.
    """
    mount, whole = quoted(root.rstrip("/")), quoted(path, "%" if isinstance(path, bytes) else "")
    origin = f"{scheme}://{host or ':'.join(str(part) for part in server if part is not None)}"
    return f"{origin}{whole if f'{whole}/'.startswith(f'{mount}/') else mount + whole}"


async def _body(receive: Receive, max_body: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False) or size > max_body:
            return b"".join(parts)


def _headers(response: Response) -> list[tuple[bytes, bytes]]:
    length = [] if response.chunks is not None else [(b"content-length", b"%d" % len(response.body))]
    return [*map(_header, response.headers.items()), *length]


@lru_cache(maxsize=512)
def _header(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    """A header as it is sent; most are the same in all responses."""
    return pair[0].encode("latin-1"), pair[1].encode("latin-1")
