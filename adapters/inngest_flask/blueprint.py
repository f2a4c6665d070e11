"""A blueprint around the handler: request in, response out."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPMethod
from typing import Any

import flask

from inngest_py import Function, Handler, Inngest
from inngest_py.wsgi import read


def serve(
    client: Inngest,
    functions: Sequence[Function[Any]] | None = None,
    *,
    path: str = "/api/inngest",
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
) -> flask.Blueprint:
    """Serve functions at `path`; all that the client has declared, if none are given.

    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. Plain functions run in the request's thread, async ones on one background
    loop; the app context is there in both, without `flask[async]`. Raises ConfigError if the app is in production
    and has no signing key, or if two functions have the same id.
    """
    handler = Handler(
        client,
        functions,
        framework="flask",
        serve_origin=serve_origin,
        serve_path=serve_path,
        streaming=streaming,
    )
    blueprint = flask.Blueprint(_name(client, path), __name__)

    def inngest(**_view_args: object) -> flask.Response:
        response = handler.handle(read(flask.request.environ, _body(flask.request, handler)))
        chunks = response.chunks
        body = response.body if chunks is None else flask.stream_with_context(iter(chunks))
        return flask.Response(body, response.status, dict(response.headers))

    # Every method reaches the handler, which says which ones there are.
    blueprint.add_url_rule(path, view_func=inngest, methods=list(HTTPMethod), provide_automatic_options=False)
    return blueprint


def _name(client: Inngest, path: str) -> str:
    """A name that another client, or another path, does not have. Flask allows no dots in it."""
    return f"inngest:{client.app_id}:{path}".replace(".", "%2E")


def _body(request: flask.Request, handler: Handler) -> bytes:
    """The body, as Flask keeps it if a hook of the app has read it; what may be too large is read in pieces."""
    small = request.content_length is not None and request.content_length <= handler.max_body
    return request.get_data() if small else handler.read_body(request.stream.read)
