"""An ASGI app around the handler, and around another app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from inngest_py import Function, Handler, Inngest
from inngest_py.asgi import App, Endpoint, Receive, Scope, Send


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    app: Callable[[Any, Any, Any], Awaitable[None]] | None = None,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
) -> App:
    """Serve functions at `path`, and `app`, of any framework, at every other; all functions, if none are given.

    Without an `app` this answers at every path: mount it where your framework takes an ASGI app.
    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Async functions run on the server's loop, plain ones in a thread. Raises
    ConfigError if the app is in production and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client, functions, framework="asgi", serve_origin=serve_origin, serve_path=serve_path, streaming=streaming
    )
    endpoint = Endpoint(handler)
    rest = app or _nothing_else

    async def inngest(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and (app is None or _path(scope) == path)
        await (endpoint if ours else rest)(scope, receive, send)

    return inngest


def _path(scope: Scope) -> str:
    """The path within the app. Servers differ in whether the root path is part of what they call the path."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if f"{path}/".startswith(f"{root}/") else path


async def _nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    """Start and stop when the server does; speak no other protocol."""
    while scope["type"] == "lifespan":
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
    await send({"type": "websocket.close"})
