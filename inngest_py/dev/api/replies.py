"""The shapes of replies (PROTOCOL 11)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inngest_py.dev.duration import iso
from inngest_py.errors import RequestError

Lost: TypeAlias = Callable[[Request, int], Response]
"""What a browser is shown where there is nothing, with a status that says why."""

_COUNT: Final = re.compile(r"0*[1-9][0-9]{0,8}")
_FLAGS: Final = {"true": True, "false": False}


def data(value: Any, now: int, **metadata: Any) -> Response:
    """A good reply of the v1 API."""
    return JSONResponse({"data": value, "metadata": {"fetched_at": iso(now), **metadata}})


def raw(text: str) -> Response:
    """A good reply that is JSON text already."""
    return Response(text.encode(), media_type="application/json")


def error(message: str, status: int, **more: Any) -> Response:
    """A bad reply. Its HTTP status is the one in the body, also where the real server answers 200 (PROTOCOL 11)."""
    return JSONResponse({"error": message, "data": None, "status": status, **more}, status)


async def refused(_: Request, fault: Exception) -> Response:
    """The reply to a request that cannot be accepted."""
    status = fault.status if isinstance(fault, RequestError) else 400
    return error(str(fault), int(status))


async def stopped(_: Request, fault: Exception) -> Response:
    """The reply when nothing can be stored any more."""
    return error(str(fault), HTTPStatus.SERVICE_UNAVAILABLE)


def not_found() -> Response:
    """The reply to a request for a path that there is not."""
    return PlainTextResponse("404 page not found\n", 404)


def absence(own: Container[str], lost: Lost | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers where there is nothing: in plain text, or `lost` to a browser outside of the API.

    `own` are the first parts of the API's paths.
    """

    async def absent(request: Request, fault: Exception) -> Response:
        status = fault.status_code if isinstance(fault, HTTPException) else HTTPStatus.NOT_FOUND
        if lost is not None and "text/html" in request.headers.get("accept", "") and not is_own(request):
            reply = lost(request, status)
        elif status == HTTPStatus.METHOD_NOT_ALLOWED:
            reply = PlainTextResponse("Method Not Allowed", status)
        else:
            reply = not_found()
        reply.headers.update(getattr(fault, "headers", None) or {})
        return reply

    def is_own(request: Request) -> bool:
        return first_part(request.url.path) in own

    return absent


def first_part(path: str) -> str:
    """What a path begins with, up to its second slash."""
    return path.split("/", 2)[1]


def count(query: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """A number from the query, but not more than the largest. Raises RequestError if it is none, or 0."""
    text = query.get(name)
    if not text:
        return default
    if not _COUNT.fullmatch(text):
        raise RequestError(f"{name} must be a whole number from 1 to 999999999, not {text!r:.80}")
    return min(int(text), largest)


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Whether something is wanted, as `true` or `false` in the query. Raises RequestError if it says anything else."""
    text = query.get(name)
    if text and text not in _FLAGS:
        raise RequestError(f"{name} must be true or false, not {text!r:.80}")
    return _FLAGS[text] if text else default
