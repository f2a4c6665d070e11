"""A route around the handler: request in, response out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any, Final, TypeVar
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from inngest_py import Function, Handler, Inngest, Request, Response

T = TypeVar("T")

SOON: Final = 0.02
"""How long, in seconds, a client is not asked for whether it is still there; after twice that it is."""


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
) -> Route:
    """Serve functions at `path`; all that the client has declared, if none are given.

    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Async functions run on the server's loop, plain ones in a thread; the
    route is not part of an OpenAPI schema. Raises ConfigError if the app is in production and has no signing key, or
    if two functions have the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="starlette",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=streaming,
    )
    return Route(path, Endpoint(handler), name="inngest", include_in_schema=False)


class Endpoint:
    """An ASGI app and not a function: so every method reaches the handler, which says which ones there are."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._lookout: Lookout | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with suppress(ClientDisconnect):
            request = await _read(scope, receive, self._handler.max_body)
            response = await self._while_connected(self._handler.ahandle(request), receive)
            await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})
            if response.chunks is not None:
                await self._while_connected(_stream(aiter(response.chunks), send), receive)
            await send({"type": "http.response.body", "body": response.body})

    async def _while_connected(self, work: Coroutine[Any, Any, T], receive: Receive) -> T:
        """Work, but not for a client that has left: the server will ask again, and nothing should run twice at once."""
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
                raise ClientDisconnect from None
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
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    url = _url(scope["scheme"], tuple(scope.get("server") or ()), headers.get("host"), scope["path"])
    query = scope["query_string"].decode(errors="replace")
    return Request(scope["method"], f"{url}?{query}", headers, await _body(receive, max_body))


@lru_cache(maxsize=64)
def _url(scheme: str, server: tuple[Any, ...], host: str | None, path: str) -> str:
    """The URL as Starlette reads it, without the query; most requests come for the same one."""
    headers = [] if host is None else [(b"host", host.encode("latin-1"))]
    path = quote(path, safe="/:@!$&'()*+,;=~")
    return str(URL(scope={"scheme": scheme, "server": server or None, "path": path, "headers": headers}))


async def _body(receive: Receive, max_body: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
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
