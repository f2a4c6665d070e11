"""A rule around the handler: request in, response out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from http import HTTPMethod
from typing import Any, TypeVar, cast

from tornado.iostream import StreamClosedError
from tornado.routing import URLSpec
from tornado.web import RequestHandler, stream_request_body

from inngest_py import Function, Handler, Inngest, Request
from inngest_py.wire.http import quoted

T = TypeVar("T")


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
) -> URLSpec:
    """Serve functions at `path`; all that the client has declared, if none are given.

    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Async functions run on the server's loop, plain ones in a thread. Raises
    ConfigError if the app is in production and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="tornado",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=streaming,
    )
    return URLSpec(re.escape(quoted(path)), InngestHandler, {"handler": handler})


@stream_request_body
class InngestHandler(RequestHandler):
    """Answers requests of every method: the handler says which ones there are. Takes bodies as they are, unparsed."""

    SUPPORTED_METHODS = tuple(HTTPMethod)

    def initialize(self, handler: Handler) -> None:
        """Take what the rule has for it."""
        self._handler = handler
        self._work: asyncio.Task[Any] | None = None
        self._body = list[bytes]()
        self._left = handler.max_body + 1

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the body; of one that is too large, no more than shows that."""
        self._body.append(chunk[: self._left])
        self._left -= len(self._body[-1])

    def check_xsrf_cookie(self) -> None:
        """Ask for none: requests are signed."""

    def compute_etag(self) -> None:
        """Give none: every answer is another."""

    def on_connection_close(self) -> None:
        """End what is done for a client that has left: it will ask again, and nothing should run twice at once."""
        if self._work is not None:
            self._work.cancel()

    async def answer(self) -> None:
        """Answer a request."""
        finish: Callable[[bytes | None], Awaitable[None]] = cast("Any", self).finish
        with suppress(asyncio.CancelledError, StreamClosedError):
            response = await self._while_connected(self._handler.ahandle(self._read()))
            self.set_status(response.status)
            for name, value in response.headers.items():
                self.set_header(name, value)
            if response.chunks is not None:
                await self._while_connected(self._stream(aiter(response.chunks)))
            await finish(response.body or None)

    def _read(self) -> Request:
        request = self.request
        url = f"{request.protocol}://{request.host}{request.uri}"
        return Request.of(request.method or "", url, request.headers.items(), b"".join(self._body))

    async def _while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._work = task
        try:
            return await task
        finally:
            task.cancel()
            self._work = None

    async def _stream(self, chunks: AsyncGenerator[bytes]) -> None:
        write: Callable[[bytes], None] = cast("Any", self).write
        async with aclosing(chunks):
            async for chunk in chunks:
                write(chunk)
                await self.flush()

    get = head = post = put = patch = delete = options = trace = connect = answer
