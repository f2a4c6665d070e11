"""A route around the handler: request in, response out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.requests import ClientDisconnect, Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from inngest_py import Function, Handler, Inngest, Request, Response


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
) -> Route:
    """Serve functions at `path`; all that the client has declared, if none are given.

    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Async functions run on the server's loop, plain ones in a thread; the
    route is not part of an OpenAPI schema. Raises ConfigError if the app is in production and has no signing key, or
    if two functions have the same id.
    """
    handler = Handler(client, functions, framework="starlette", serve_origin=serve_origin, serve_path=serve_path)
    return Route(path, Endpoint(handler), name="inngest", include_in_schema=False)


class Endpoint:
    """An ASGI app and not a function: so every method reaches the handler, which says which ones there are."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with suppress(ClientDisconnect):
            request = await _read(StarletteRequest(scope, receive))
            response = await self._while_connected(request, receive)
            await StarletteResponse(response.body, response.status, response.headers)(scope, receive, send)

    async def _while_connected(self, request: Request, receive: Receive) -> Response:
        """Answer, but not a client that has left: the server will ask again, and nothing should run twice at once."""
        answer = asyncio.create_task(self._handler.ahandle(request))
        absence = asyncio.create_task(_absence(receive))
        absence.add_done_callback(lambda _: answer.cancel())
        try:
            return await answer
        except asyncio.CancelledError:
            if absence.done():
                raise ClientDisconnect from None
            raise
        finally:
            absence.cancel()


async def _absence(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(request: StarletteRequest) -> Request:
    path = quote(request.scope["path"], safe="/:@!$&'()*+,;=~")
    query = request.scope["query_string"].decode(errors="replace")
    url = f"{URL(scope={**request.scope, 'path': path, 'query_string': b''})}?{query}"
    return Request.of(request.method, url, request.headers.items(), await request.body())
