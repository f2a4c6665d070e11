"""What Starlette's and FastAPI's people expect: routers and mounts, the schema, middleware, cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.schemas import SchemaGenerator

import inngest_py as inngest
from inngest_py.testing.conformance.asking import ORIGIN, call, get, put, read
from inngest_py.testing.conformance.hosting import AsgiApp, AsgiHost, Connection, scope_of
from inngest_starlette import serve
from lifespans import living

THING = inngest.TriggerEvent(event="thing/happened")

user: ContextVar[str] = ContextVar("user")


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


async def send(app: AsgiApp, request: inngest.Request) -> inngest.Response:
    connection = Connection(request, asyncio.Event())
    await app(scope_of(request), connection.receive, connection.send)
    return connection.response()


async def test_the_route_is_not_part_of_the_openapi_schema(client: inngest.Inngest) -> None:
    app = FastAPI(routes=[serve(client)])

    assert app.openapi()["paths"] == {}
    assert (await send(app, get())).status == 200


async def test_the_route_is_not_part_of_a_schema_of_starlette(client: inngest.Inngest) -> None:
    route = serve(client)

    assert SchemaGenerator({}).get_schema([route])["paths"] == {}
    assert route.include_in_schema is False  # as other generators ask


async def test_a_route_may_be_added_later(client: inngest.Inngest) -> None:
    app = FastAPI()
    app.router.routes.append(serve(client))

    assert (await send(app, get())).status == 200


async def test_a_route_may_be_in_a_router_with_a_prefix(client: inngest.Inngest) -> None:
    router = APIRouter(routes=[serve(client)])
    app = FastAPI()
    app.include_router(router, prefix="/v1")

    response = await send(app, put(f"{ORIGIN}/v1/api/inngest", x_inngest_sync_kind="in_band"))

    assert read(response)["url"] == f"{ORIGIN}/v1/api/inngest"
    assert app.openapi()["paths"] == {}


async def test_the_url_of_a_mounted_app_has_the_mount_in_it(client: inngest.Inngest) -> None:
    app = Starlette(routes=[Mount("/shop é", app=Starlette(routes=[serve(client)]))])

    response = await send(app, put(f"{ORIGIN}/shop%20%C3%A9/api/inngest", x_inngest_sync_kind="in_band"))

    assert read(response)["url"] == f"{ORIGIN}/shop%20%C3%A9/api/inngest"


async def test_a_middleware_of_starlette_is_no_hindrance(client: inngest.Inngest) -> None:
    async def log_in(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        user.set("ada")
        return await call_next(request)

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> str:
        return user.get()

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> str:
        await asyncio.sleep(0)
        return user.get()

    app = Starlette(routes=[serve(client)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=log_in)])

    for fn_id in ("app-plain", "app-async"):
        assert read(await send(app, call(fn_id))) == "ada"


@pytest.mark.parametrize("app", [Starlette, FastAPI])
async def test_an_async_function_runs_on_the_loop_of_the_lifespan(
    app: type[Starlette], client: inngest.Inngest
) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loops.append(asyncio.get_running_loop())
        yield

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> bool:
        return loops == [asyncio.get_running_loop()]

    async with living(app(routes=[serve(client)], lifespan=lifespan)) as ask:
        response = await ask(call("app-async"))

    assert read(response) is True


async def test_several_routes_have_their_own_paths(client: inngest.Inngest) -> None:
    other = inngest.Inngest(app_id="other", is_production=False)
    home = Route("/", lambda _request: Response("home"))
    app = Starlette(routes=[home, serve(client), serve(other, path="/other")])

    for path in ("/", "/api/inngest", "/other"):
        assert (await send(app, get(f"{ORIGIN}{path}"))).status == 200


async def test_a_request_that_is_cancelled_cancels_the_function(client: inngest.Inngest) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    answering = asyncio.create_task(send(Starlette(routes=[serve(client)]), call("app-async")))
    await begun.wait()
    answering.cancel()

    with pytest.raises(asyncio.CancelledError):
        await answering
    assert cancelled.is_set()


async def test_a_client_that_leaves_before_its_body_is_there_is_not_answered(client: inngest.Inngest) -> None:
    left = asyncio.Event()
    left.set()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def keep(message: Any) -> None:
        sent.append(message)

    await Starlette(routes=[serve(client)])(scope_of(call("app-async")), receive, keep)

    assert sent == []


def test_an_async_function_runs_on_the_loop_of_the_server(client: inngest.Inngest) -> None:
    loops: list[object] = []

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> None:
        loops.append(asyncio.get_running_loop())

    host = AsgiHost(Starlette(routes=[serve(client)]))
    host.send(call("app-async"))

    assert loops == [host.loop]
    host.close()
