"""The shapes of replies (PROTOCOL 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inngest_py.dev.duration import iso
from inngest_py.errors import RequestError


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


async def not_found(_: Request, __: Exception) -> Response:
    """The reply to a request for a path that there is not."""
    return PlainTextResponse("404 page not found\n", 404)


def count(query: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """A number from the query, within limits. Raises RequestError if it is none."""
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise RequestError(f"{name} must be a number, not {text!r}")
    return max(1, min(int(text), largest))
