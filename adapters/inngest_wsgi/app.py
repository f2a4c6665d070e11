"""A WSGI app around the handler, and around another app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from inngest_py import Function, Handler, Inngest
from inngest_py.wsgi import App, Endpoint, Environ, StartResponse


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    app: App | None = None,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
) -> App:
    """Serve functions at `path`, and `app`, of any framework, at every other; all functions, if none are given.

    Without an `app` this answers at every path: mount it where your framework takes a WSGI app.
    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Plain functions run in the request's thread, async ones on one background
    loop. Raises ConfigError if the app is in production and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client, functions, framework="wsgi", serve_origin=serve_origin, serve_path=serve_path, streaming=streaming
    )
    endpoint = Endpoint(handler)
    ours = path.encode().decode("latin-1")  # WSGI has the bytes of paths as Latin-1

    def inngest(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if app is not None and environ.get("PATH_INFO", "") != ours:
            return app(environ, start_response)
        return endpoint(environ, start_response)

    return inngest
