"""A route around the handler, which remembers for dependencies in which app it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from inngest_fastapi.dependencies import Dependencies, current_scope
from inngest_py import Function, Handler, Inngest
from inngest_py.asgi import Endpoint


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

    Functions may have FastAPI's dependencies, see `with_dependencies`. `serve_origin` (as in
    `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if that is not where its
    requests arrive. Async functions run on the server's loop, plain ones in a thread; the route is not part of the
    OpenAPI schema. Raises ConfigError if the app is in production and has no signing key, or if two functions have
    the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="fastapi",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=streaming,
    )
    if Dependencies not in client.middleware:
        client.middleware = (Dependencies, *client.middleware)
    return Route(path, Scoped(Endpoint(handler)), name="inngest", include_in_schema=False)


class Scoped:
    """An ASGI app whose scope can be asked for."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        token = current_scope.set(scope)
        try:
            await self._endpoint(scope, receive, send)
        finally:
            current_scope.reset(token)
