"""A WSGI app around a handler: what the adapters for plain frameworks share. It needs no framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from inngest_py.handler import Handler
from inngest_py.wire.http import Request, Response, quoted

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Any, Any], Iterable[bytes]]
"""A WSGI app. Frameworks do not agree on the types of what it takes."""

_DIGITS: Final = 20
"""A length with as many digits is that of no body."""


class Endpoint:
    """A WSGI app that answers every request, whatever its path."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        response = self._handler.handle(read(environ, read_body(environ, self._handler)))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", _headers(response))
        if response.chunks is not None:
            return iter(response.chunks)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]


def read(environ: Mapping[str, Any], body: bytes) -> Request:
    """The request that an environ is about, with a body that was read from it."""
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    path = _path(environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", ""))
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace").decode(errors="replace")
    headers = {name: value for key, value in environ.items() if (name := _header(key))}
    return Request(environ["REQUEST_METHOD"], f"{environ['wsgi.url_scheme']}://{host}{path}?{query}", headers, body)


@lru_cache(maxsize=64)
def _path(mount: str, path: str) -> str:
    """The whole path; `/` below a mount is the mount itself."""
    mount = mount.rstrip("/")
    return quoted(_bytes(mount if mount and path == "/" else f"{mount}{path}"))


def _bytes(path: str) -> bytes:
    """The bytes of a path. WSGI has them as Latin-1; a framework that mounts us may have decoded them."""
    try:
        found = path.encode("latin-1")
        found.decode()
    except UnicodeError:
        return path.encode(errors="replace")
    return found


@lru_cache(maxsize=256)
def _header(key: str) -> str:
    """The name of the header that a key of the environ is about, or nothing if it is about none."""
    if not key.startswith("HTTP_") and key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        return ""
    return key.removeprefix("HTTP_").replace("_", "-").lower()


def read_body(environ: Environ, handler: Handler) -> bytes:
    """The body of the request that an environ is about.

    Where its end is not marked, nothing may be read beyond its length: a server would wait for it.
    """
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return handler.read_body(stream.read)
    length = str(environ.get("CONTENT_LENGTH") or "0")
    left = int(length) if length.isdecimal() and len(length) < _DIGITS else 0

    def read_some(size: int) -> bytes:
        nonlocal left
        piece: bytes = stream.read(min(size, left)) if left else b""
        left -= len(piece)
        return piece

    return handler.read_body(read_some)


def _headers(response: Response) -> list[tuple[str, str]]:
    length = [] if response.chunks is not None else [("content-length", str(len(response.body)))]
    return [*response.headers.items(), *length]
