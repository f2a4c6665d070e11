"""Starts an ASGI app and stops it again, as a server does, with requests in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from inngest_py import Request, Response
from inngest_py.testing.conformance.hosting import AsgiApp, Connection, scope_of

Send = Callable[[Request], Awaitable[Response]]


@asynccontextmanager
async def living(app: AsgiApp) -> AsyncIterator[Send]:
    """Let an app live, and give the way to ask it. Each request has the state that the app has made at its start."""
    state: dict[str, Any] = {}
    received, sent = asyncio.Queue[Any](), asyncio.Queue[Any]()
    life = asyncio.ensure_future(app({"type": "lifespan", "state": state}, received.get, sent.put))

    async def ask(request: Request) -> Response:
        connection = Connection(request, asyncio.Event())
        await app({**scope_of(request), "state": dict(state)}, connection.receive, connection.send)
        return connection.response()

    await received.put({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    yield ask
    await received.put({"type": "lifespan.shutdown"})
    assert (await sent.get())["type"] == "lifespan.shutdown.complete"
    await life
