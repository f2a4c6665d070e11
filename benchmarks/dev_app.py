"""The app that the dev server calls in `dev_server.py`. `/seen` shows what has happened so far, `/counts` how much."""

from __future__ import annotations

import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="bench", is_production=False)


class Seen:
    """The calls, their first bodies, when calls came and were answered, when runs ended and when steps ran."""

    def __init__(self) -> None:
        self.calls = 0
        self.bodies: list[dict[str, str]] = []
        self.came: list[float] = []
        self.answered: list[float] = []
        self.ended: list[float] = []
        self.ran: list[float] = []


seen = Seen()


async def work(number: int) -> int:
    seen.ran.append(time.time())
    return number


async def steps(ctx: inngest.Context) -> int:
    count: int = ctx.event.data["steps"]
    for number in range(count):
        await ctx.step.run(f"step-{number}", work, number)
    seen.ended.append(time.time())
    return count


async def sleeper(ctx: inngest.Context) -> None:
    await ctx.step.sleep("long", "24h")


def declare(fn_id: str, handler: Any, *, checkpointing: inngest.Checkpointing | bool) -> None:
    trigger = inngest.TriggerEvent(event=f"bench/{fn_id}")
    client.create_function(fn_id=fn_id, trigger=trigger, checkpointing=checkpointing)(handler)


declare("calls", steps, checkpointing=False)
declare("saved", steps, checkpointing=True)
declare("buffered", steps, checkpointing=inngest.Checkpointing(buffered_steps=50))
declare("sleeper", sleeper, checkpointing=False)


async def show(_: Request) -> JSONResponse:
    return JSONResponse(vars(seen))


async def counts(_: Request) -> JSONResponse:
    return JSONResponse({name: found if isinstance(found, int) else len(found) for name, found in vars(seen).items()})


async def forget(_: Request) -> JSONResponse:
    seen.__init__()  # type: ignore[misc]
    return JSONResponse({})


async def nothing(_: Request) -> Response:
    return Response()


def watched(inner: Any) -> Any:
    """Note each call of the server."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != "/api/inngest" or scope["method"] != "POST":
            await inner(scope, receive, send)
            return
        seen.calls += 1
        seen.came.append(time.time())
        await inner(scope, receive if len(seen.bodies) == 2 else await recorded(scope, receive), send)
        seen.answered.append(time.time())

    return app


async def recorded(scope: Any, receive: Any) -> Any:
    """Keep the body of a call, so that it can be made again without the server."""
    message = await receive()
    query = scope["query_string"].decode()
    seen.bodies.append({"target": f"{scope['path']}?{query}", "body": message["body"].decode()})

    async def again() -> Any:
        nonlocal message
        given, message = message, None
        return given or await receive()

    return again


app = watched(
    Starlette(
        routes=[
            serve(client),
            Route("/seen", show),
            Route("/counts", counts),
            Route("/forget", forget),
            Route("/", nothing, methods=["POST"]),
        ]
    )
)
