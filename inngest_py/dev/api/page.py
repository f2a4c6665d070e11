"""What a person or a probe sees first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from inngest_py.dev.api.desk import desk_of
from inngest_py.dev.duration import iso


async def front(_: Request) -> Response:
    """A few words, until there is a user interface."""
    return PlainTextResponse(
        "This is an inngest-py dev server, for development and small single-machine use.\n\n"
        "POST /e/<any key>    send events\n"
        "GET  /v1/runs        the latest runs\n"
        "GET  /v1/apps        the apps that registered\n"
        "GET  /v1/openapi.json  all that can be asked, and what is answered\n"
    )


async def health(_: Request) -> Response:
    """Whether the server is up."""
    return JSONResponse({"status": 200, "message": "OK"})


async def health_v2(request: Request) -> Response:
    """The same, as version 2 of the API says it."""
    now = iso(desk_of(request).engine.clock())
    return JSONResponse({"data": {"status": "ok"}, "metadata": {"fetchedAt": now}})
