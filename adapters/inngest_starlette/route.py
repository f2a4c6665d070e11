"""A route around the handler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

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
    # An ASGI app and not a function: so every method reaches the handler, which says which ones there are.
    return Route(path, Endpoint(handler), name="inngest", include_in_schema=False)
