"""The app that the dev server calls in `dev_server.py`; at `/seen` it says what has happened so far."""

from __future__ import annotations

import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="bench", is_production=False)
calls = 0
ended: list[float] = []
ran: list[float] = []


async def work(number: int) -> int:
    ran.append(time.time())
    return number


async def steps(ctx: inngest.Context) -> int:
    count: int = ctx.event.data["steps"]
    for number in range(count):
        await ctx.step.run(f"step-{number}", work, number)
    ended.append(time.time())
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


async def seen(_request: Request) -> JSONResponse:
    """The calls, and when runs ended and steps ran."""
    return JSONResponse({"calls": calls, "ended": ended, "ran": ran})


async def forget(_request: Request) -> JSONResponse:
    global calls  # noqa: PLW0603 - the one number of a script
    calls = 0
    ended.clear()
    ran.clear()
    return JSONResponse({})


def counted(inner: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        global calls  # noqa: PLW0603 - the one number of a script
        calls += scope["type"] == "http" and scope["method"] == "POST"
        await inner(scope, receive, send)

    return app


app = counted(Starlette(routes=[serve(client), Route("/seen", seen), Route("/forget", forget)]))
