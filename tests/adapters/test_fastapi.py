"""Dependencies of FastAPI in functions: made, overridden and closed as in its own endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request

import inngest_py as inngest
from inngest_fastapi import serve, with_dependencies
from inngest_py.testing.conformance import AsgiHost
from inngest_py.testing.conformance.asking import call, read, unwrapped
from lifespans import living

THING = inngest.TriggerEvent(event="thing/happened")
told: list[Any] = []
user: ContextVar[str] = ContextVar("user")


@pytest.fixture(autouse=True)
def _silence() -> None:
    told.clear()


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


@pytest.fixture
def send(client: inngest.Inngest) -> Iterator[Callable[..., inngest.Response]]:
    """Asks an app that serves the client. The app is `send.app`."""
    app = FastAPI(routes=[serve(client), serve(client, path="/streamed", streaming=True)])
    host = AsgiHost(app)

    def send(fn_id: str, **fields: Any) -> inngest.Response:
        return host.send(call(f"app-{fn_id}", **fields))

    send.app = app  # type: ignore[attr-defined]
    yield send
    host.close()


def introduce_ada() -> None:
    user.set("ada")


async def settings() -> str:
    return "settings"


def session(settings: Annotated[str, Depends(settings)]) -> Iterator[str]:
    told.append("open")
    try:
        yield f"session of {settings}"
    except Exception as error:
        told.append(repr(error))
        raise
    finally:
        told.append("closed")


async def async_session() -> AsyncIterator[str]:
    told.append("open")
    try:
        yield "async session"
    finally:
        await asyncio.sleep(0)
        told.append("closed")


Session = Annotated[str, Depends(session)]
AsyncSession = Annotated[str, Depends(async_session)]


def declare(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    @with_dependencies
    def plain(ctx: inngest.ContextSync, db: Session, other: AsyncSession) -> Any:
        if ctx.event.data.get("fail"):
            raise ValueError("no")
        told.append("ran")
        return ctx.step.run("step", lambda: [db, other])

    @client.create_function(fn_id="async", trigger=THING)
    @with_dependencies
    async def asynchronous(ctx: inngest.Context, db: Session, other: str = Depends(async_session)) -> Any:
        if ctx.event.data.get("fail"):
            raise ValueError("no")
        told.append("ran")
        return await ctx.step.run("step", lambda: [db, other])


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_a_function_has_its_dependencies_until_its_call_has_ended(fn_id: str, client: Any, send: Any) -> None:
    declare(client)

    ops = read(send(fn_id))

    assert ops[0]["data"] == ["session of settings", "async session"]
    assert told == ["open", "open", "ran", "closed", "closed"]


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_dependencies_last_as_long_as_a_streamed_call(fn_id: str, client: Any, send: Any) -> None:
    declare(client)

    assert read(unwrapped(send(fn_id, path="/streamed")))[0]["data"] == ["session of settings", "async session"]
    assert told[-2:] == ["closed", "closed"]


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_a_function_that_ends_has_its_dependencies_closed(fn_id: str, client: Any, send: Any) -> None:
    declare(client)

    response = send(fn_id, steps={"step": {"data": 1}})

    assert (response.status, read(response)) == (200, 1)
    assert told[-2:] == ["closed", "closed"]


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_dependencies_are_overridden_as_in_endpoints(fn_id: str, client: Any, send: Any) -> None:
    declare(client)
    send.app.dependency_overrides = {session: lambda: "fake", async_session: lambda: "fake, too"}

    assert read(send(fn_id))[0]["data"] == ["fake", "fake, too"]
    assert told == ["ran"]


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_what_a_function_raises_is_raised_in_its_dependencies(fn_id: str, client: Any, send: Any) -> None:
    declare(client)

    response = send(fn_id, data={"fail": True})

    assert read(response)["name"] == "ValueError"
    assert told == ["open", "open", "closed", "ValueError('no')", "closed"]


@pytest.mark.parametrize("fn_id", ["plain", "async"])
def test_the_stack_of_what_a_function_raises_begins_in_the_function(fn_id: str, client: Any, send: Any) -> None:
    declare(client)

    first, where, *_ = read(send(fn_id, data={"fail": True}))["stack"].splitlines()

    assert first == "Traceback (most recent call last):"
    assert where.endswith(f"in {'plain' if fn_id == 'plain' else 'asynchronous'}")


def test_what_a_dependency_raises_fails_the_attempt(client: Any, send: Any) -> None:
    def refuses() -> None:
        raise HTTPException(503, "no connection")

    @client.create_function(fn_id="refused", trigger=THING)
    @with_dependencies
    async def refused(_ctx: inngest.Context, _session: Session, _none: None = Depends(refuses)) -> None:
        told.append("ran")

    response = send("refused")

    assert (response.status, read(response)["name"]) == (500, "HTTPException")
    assert told == ["open", "HTTPException(status_code=503, detail='no connection')", "closed"]


@pytest.fixture
def send_commit(client: inngest.Inngest, send: Callable[..., inngest.Response]) -> Callable[..., inngest.Response]:
    """Asks a function with a dependency that fails when it is closed."""

    async def commits() -> AsyncIterator[None]:
        yield
        raise OSError("disk full")

    @client.create_function(fn_id="commit", trigger=THING)
    @with_dependencies
    async def commit(ctx: inngest.Context, _session: None = Depends(commits)) -> int:
        return await ctx.step.run("step", lambda: 1)

    return lambda **fields: send("commit", **fields)


def test_a_dependency_that_cannot_be_closed_fails_the_attempt(send_commit: Callable[..., inngest.Response]) -> None:
    response = send_commit(steps={"step": {"data": 1}})

    assert (response.status, read(response)["message"]) == (500, "disk full")


def test_what_a_step_has_done_stands_whatever_closing_raises(
    send_commit: Callable[..., inngest.Response], caplog: pytest.LogCaptureFixture
) -> None:
    response = send_commit()

    assert (response.status, read(response)[0]["data"]) == (206, 1)
    assert "disk full" in caplog.text


def test_a_dependency_may_ask_for_the_request_and_for_what_a_middleware_knows(client: Any) -> None:
    def who(request: Request) -> str:
        return f"{user.get()} in {request.app.title} at {request.url.path}"

    @client.create_function(fn_id="who", trigger=THING)
    @with_dependencies
    def tell(_ctx: inngest.ContextSync, who: str = Depends(who)) -> str:
        return who

    host = AsgiHost(FastAPI(title="the shop", routes=[serve(client)]))
    host.before = introduce_ada

    assert read(host.send(call("app-who"))) == "ada in the shop at /api/inngest"
    host.close()


def test_a_dependency_may_ask_for_a_parameter_of_the_route(client: Any) -> None:
    def tenant(request: Request) -> str:
        return str(request.path_params["tenant"])

    @client.create_function(fn_id="tell", trigger=THING)
    @with_dependencies
    def tell(_ctx: inngest.ContextSync, tenant: str = Depends(tenant)) -> str:
        return tenant

    host = AsgiHost(FastAPI(routes=[serve(client, path="/{tenant}/inngest")]))

    assert read(host.send(call("app-tell", path="/acme/inngest"))) == "acme"
    host.close()


async def connection() -> AsyncIterator[str]:
    told.append("connection open")
    yield "connection"
    told.append("connection closed")


def test_what_was_made_last_is_closed_first(client: Any, send: Any) -> None:
    @with_dependencies
    async def below(_ctx: inngest.Context, db: Annotated[str, Depends(connection)]) -> str:
        return db

    @client.create_function(fn_id="above", trigger=THING)
    @with_dependencies
    async def above(ctx: inngest.Context, _db: AsyncSession) -> str:
        return await below(ctx)

    assert read(send("above")) == "connection"
    assert told == ["open", "connection open", "connection closed", "closed"]


def pool(request: Request) -> str:
    return str(request.state.pool)


async def test_a_dependency_may_ask_for_what_the_lifespan_has_made(client: Any) -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, str]]:
        yield {"pool": "a pool"}

    @client.create_function(fn_id="asks", trigger=THING)
    @with_dependencies
    async def asks(_ctx: inngest.Context, pool: Annotated[str, Depends(pool)]) -> str:
        return pool

    async with living(FastAPI(routes=[serve(client)], lifespan=lifespan)) as ask:
        response = await ask(call("app-asks"))

    assert read(response) == "a pool"


def test_dependencies_are_closed_when_the_client_leaves(client: Any) -> None:
    begun = asyncio.Event()

    @client.create_function(fn_id="for-ever", trigger=THING)
    @with_dependencies
    async def for_ever(_ctx: inngest.Context, _session: AsyncSession) -> None:
        told.append("ran")
        begun.set()
        await asyncio.Event().wait()

    host = AsgiHost(FastAPI(routes=[serve(client)]))
    asked = host.begin(call("app-for-ever"))
    asyncio.run_coroutine_threadsafe(begun.wait(), host.loop).result(10)
    asked.leave()

    for _ in range(5):
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), host.loop).result(10)
    assert told == ["open", "ran", "closed"]
    host.close()


def test_what_no_dependency_gives_is_refused_when_it_is_written() -> None:
    with pytest.raises(inngest.ConfigError, match=r"takes order_id, which no dependency gives: write order_id: Anno"):

        @with_dependencies
        def function(_ctx: inngest.ContextSync, order_id: str) -> None:
            """Take what nobody gives."""


def test_a_function_below_is_called_with_what_a_test_gives() -> None:
    @with_dependencies
    def function(_ctx: Any, db: Session) -> str:
        return db

    assert function.__wrapped__(None, "fake") == "fake"  # type: ignore[attr-defined]


def test_a_function_that_is_served_without_fastapi_says_what_to_do(client: inngest.Inngest) -> None:
    declare(client)

    response = inngest.Handler(client, framework="test").handle(call("app-plain"))

    assert "serve the client with inngest_fastapi.serve" in read(response)["message"]


def test_the_route_is_not_part_of_the_openapi_schema(client: inngest.Inngest, send: Any) -> None:
    declare(client)

    assert send.app.openapi()["paths"] == {}


def test_a_client_may_be_served_at_several_paths(client: inngest.Inngest) -> None:
    declare(client)
    host = AsgiHost(FastAPI(routes=[serve(client), serve(client, path="/again")]))

    assert read(host.send(call("app-plain", path="/again")))[0]["data"] == ["session of settings", "async session"]
    assert told.count("open") == 2
    host.close()
