"""What is only so for the ASGI app: what is around it, under it and beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from quart import Quart
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import inngest_py as inngest
from inngest_asgi import serve
from inngest_py import Handler
from inngest_py.asgi import Endpoint
from inngest_py.testing.conformance.asking import ORIGIN, call, get, put, read
from inngest_py.testing.conformance.hosting import Connection, scope_of


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


async def send(app: Any, request: inngest.Request, **scope: Any) -> inngest.Response:
    connection = Connection(request, asyncio.Event())
    await app(scope_of(request) | scope, connection.receive, connection.send)
    return connection.response()


async def talk(app: Any, kind: str, *received: str) -> list[str]:
    """The types of what an app sends when it is sent messages of these types."""
    incoming, sent = iter(received), list[str]()

    async def receive() -> dict[str, Any]:
        return {"type": next(incoming)}

    async def keep(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": kind, "path": "/api/inngest"}, receive, keep)
    return sent


async def test_of_a_body_that_is_too_large_no_more_is_read_than_shows_that(client: inngest.Inngest) -> None:
    parts, sent = iter(range(20)), list[Any]()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(60), "more_body": next(parts) < 19}

    async def keep(message: Any) -> None:
        sent.append(message)

    endpoint = Endpoint(Handler(client, framework="asgi", max_body=100))
    await endpoint(scope_of(call("app-any")), receive, keep)

    assert (sent[0]["status"], next(parts)) == (413, 2)


async def answer_who_leaves(client: inngest.Inngest, *, is_cancelled: bool = False) -> int:
    """Answer a client that leaves while a function runs. How often the task is then still asked to end."""
    begun, task = asyncio.Event(), asyncio.current_task()
    assert task is not None

    @client.create_function(fn_id="for-ever", trigger=inngest.TriggerEvent(event="thing/happened"))
    async def for_ever(_ctx: inngest.Context) -> None:
        begun.set()
        await asyncio.Event().wait()

    connection = Connection(call("app-for-ever"), asyncio.Event())

    async def receive() -> Any:
        if begun.is_set():
            if is_cancelled:
                task.cancel()
            return {"type": "http.disconnect"}
        return await connection.receive()

    await serve(client)(scope_of(call("app-for-ever")), receive, connection.send)

    return task.cancelling()


async def test_a_task_goes_on_when_its_client_has_left_as_if_it_had_never_been_cancelled(
    client: inngest.Inngest,
) -> None:
    assert await answer_who_leaves(client) == 0


async def test_a_task_that_somebody_else_cancels_ends_though_its_client_has_left_too(client: inngest.Inngest) -> None:
    answering = asyncio.create_task(answer_who_leaves(client, is_cancelled=True))

    with pytest.raises(asyncio.CancelledError):
        await answering


async def test_another_app_has_all_other_paths(client: inngest.Inngest) -> None:
    app = serve(client, app=Starlette(routes=[Route("/home", lambda _request: PlainTextResponse("home"))]))

    assert read(await send(app, get()))["mode"] == "dev"
    assert (await send(app, get(f"{ORIGIN}/home"))).body == b"home"
    assert (await send(app, get(f"{ORIGIN}/api/inngest/more"))).status == 404


async def test_a_framework_may_keep_its_own_test_client(client: inngest.Inngest) -> None:
    app = Quart("shop")
    app.asgi_app = serve(client, app=app.asgi_app)  # type: ignore[assignment,method-assign]

    answer = await app.test_client().get("/api/inngest")

    assert (await answer.get_json())["mode"] == "dev"


async def test_another_app_is_started_and_stopped_and_has_its_websockets(client: inngest.Inngest) -> None:
    seen: list[str] = []

    async def other(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    app = serve(client, app=other)
    await talk(app, "lifespan")
    await talk(app, "websocket")

    assert seen == ["lifespan", "websocket"]


async def test_alone_it_starts_and_stops_and_takes_no_websockets(client: inngest.Inngest) -> None:
    app = serve(client)

    assert await talk(app, "lifespan", "lifespan.startup", "lifespan.shutdown") == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert await talk(app, "websocket") == ["websocket.close"]


@pytest.mark.parametrize("scope", [{"path": "/shop/api/inngest"}, {"path": "/api/inngest"}])
@pytest.mark.parametrize("raw", [True, False])
async def test_a_root_path_is_part_of_the_url_whether_the_server_puts_it_into_the_path_or_not(
    scope: dict[str, Any], raw: bool, client: inngest.Inngest
) -> None:
    raw_path = scope["path"].encode() if raw else None

    response = await send(
        serve(client, app=Starlette()),
        put(x_inngest_sync_kind="in_band"),
        **scope,
        raw_path=raw_path,
        root_path="/shop",
    )

    assert read(response)["url"] == f"{ORIGIN}/shop/api/inngest"


async def test_a_path_that_only_begins_like_the_root_path_is_another(client: inngest.Inngest) -> None:
    response = await send(
        serve(client, app=Starlette(), path="/shopping"),
        put(x_inngest_sync_kind="in_band"),
        path="/shopping",
        raw_path=None,
        root_path="/shop",
    )

    assert read(response)["url"] == f"{ORIGIN}/shop/shopping"


async def test_a_request_that_names_no_host_came_to_the_server(client: inngest.Inngest) -> None:
    response = await send(
        serve(client), put(x_inngest_sync_kind="in_band"), headers=[(b"x-inngest-sync-kind", b"in_band")]
    )

    assert read(response)["url"] == f"{ORIGIN}/api/inngest"
