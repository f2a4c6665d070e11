"""What a probe asks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inngest_py.dev.api.desk import desk_of
from inngest_py.dev.duration import iso


async def health(_: Request) -> Response:
    """Whether the server is up."""
    return JSONResponse({"status": 200, "message": "OK"})


async def health_v2(request: Request) -> Response:
    """The same, as version 2 of the API says it."""
    now = iso(desk_of(request).engine.clock())
    return JSONResponse({"data": {"status": "ok"}, "metadata": {"fetchedAt": now}})
