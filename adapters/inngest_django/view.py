"""A view around the handler: request in, response out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from inngest_django.colours import close_connections
from inngest_django.served import ATTRIBUTE, Served
from inngest_py import Function, Handler, Inngest, Request
from inngest_py.wsgi import read_body

View = Callable[..., HttpResponseBase]


def serve(
    client: Inngest | None = None,
    functions: Sequence[Function[Any]] | None = None,
    *,
    serve_origin: str | None = None,
    serve_path: str | None = None,
    streaming: bool | None = None,
    max_body: int | None = None,
) -> View:
    """Make a view of functions; of all that the client has declared, if none are given.

    Without a client it is the one of the settings, `INNGEST = {...}`, and what is not given here comes from there.
    `serve_origin` (as in `"https://example.com"`) and `serve_path` say where an Inngest server finds this app, if
    that is not where its requests arrive. `max_body` is how many bytes a body may have, 64 MiB if nothing is said;
    `DATA_UPLOAD_MAX_MEMORY_SIZE` does not apply.

    The same view serves WSGI and ASGI. Plain functions, and whatever is plain in async ones, run in the request's
    thread with its database connections; async ones run on the server's loop, or under WSGI on one background loop.
    `ATOMIC_REQUESTS` does not apply: use `transaction.atomic` in a step. Raises ConfigError if the app is in
    production and has no signing key, or if two functions have the same id; where the settings describe the client,
    `manage.py check --deploy` says so, and otherwise the first request. Parameters of the route, as in
    `path("<tenant>/api/inngest", serve())`, are for middleware.
    """
    given = {
        "serve_origin": serve_origin,
        "serve_path": serve_path,
        "streaming": streaming,
        "max_body": max_body,
    }
    served = Served(client, functions, {name: value for name, value in given.items() if value is not None})

    def inngest(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponseBase:
        try:
            return _answer(request, served.handler)
        finally:
            if isinstance(request, ASGIRequest):  # whose thread is its own, and ends with it
                close_connections()

    setattr(inngest, ATTRIBUTE, served)
    return csrf_exempt(_not_atomic(inngest))


def _answer(request: HttpRequest, handler: Handler) -> HttpResponseBase:
    response = handler.handle(_read(request, handler))
    if response.chunks is not None:
        chunks = aiter(response.chunks) if isinstance(request, ASGIRequest) else iter(response.chunks)
        return StreamingHttpResponse(chunks, status=response.status, headers=dict(response.headers))
    return HttpResponse(response.body, status=response.status, headers=dict(response.headers))


def _not_atomic(view: View) -> View:
    """Keep a view out of `ATOMIC_REQUESTS`: an error in a step is an answer, and would not roll anything back."""
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return view


def _read(request: HttpRequest, handler: Handler) -> Request:
    return Request.of(
        request.method or "", request.build_absolute_uri(), request.headers.items(), _read_body(request, handler)
    )


def _read_body(request: HttpRequest, handler: Handler) -> bytes:
    """The body, read as a stream: `request.body` has a limit, meant for forms, below what Inngest servers send.

    Under WSGI, Django takes a body that comes in chunks, and so without a length, to be empty: it is read past Django.
    """
    if isinstance(request, WSGIRequest) and not request.environ.get("CONTENT_LENGTH"):
        return read_body(request.environ, handler)
    return handler.read_body(request.read)
