"""The shapes of replies (PROTOCOL 11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inngest_py.dev.duration import iso
from inngest_py.errors import RequestError

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


async def not_found(_: Request, __: Exception) -> Response:
    """The reply to a request for a path that there is not."""
    return PlainTextResponse("404 page not found\n", 404)


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
