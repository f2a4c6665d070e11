"""Ten thousand calls leave nothing behind: no thread, no open file, no object, no memory."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from flask import Flask
from starlette.applications import Starlette

import inngest_flask
import inngest_py as inngest
import inngest_starlette
from footprint import Footprint, assert_flat
from inngest_py.testing.conformance.asking import call
from inngest_py.testing.conformance.hosting import Connection, environ_of, scope_of

CALLS = 10_000
WARM = 1_000
THING = inngest.TriggerEvent(event="thing/happened")
REQUESTS = [call(f"app-{fn_id}", data={"number": 1}) for fn_id in ("plain", "async", "step", "async-step", "fails")]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> inngest.Inngest:
    monkeypatch.setenv("INNGEST_THREAD_POOL_MAX_WORKERS", "1")  # a larger pool may grow at any time
    client = inngest.Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> Any:
        return ctx.event.data

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> Any:
        return ctx.event.data

    @client.create_function(fn_id="step", trigger=THING)
    def step(ctx: inngest.ContextSync) -> Any:
        return ctx.step.run("step", lambda: 1)

    @client.create_function(fn_id="async-step", trigger=THING)
    async def async_step(ctx: inngest.Context) -> Any:
        return await ctx.step.run("step", lambda: 1)

    @client.create_function(fn_id="fails", trigger=THING)
    def fails(_ctx: inngest.ContextSync) -> Any:
        raise inngest.NonRetriableError("no")

    return client


@pytest.mark.usefixtures("_quiet")
def test_flask_keeps_nothing_of_ten_thousand_calls(client: inngest.Inngest) -> None:
    app = Flask("shop")
    start_response: Any = lambda *_: None  # noqa: E731 - what it is told is of no interest
    app.register_blueprint(inngest_flask.serve(client))

    def make(count: int) -> None:
        for number in range(count):
            parts: Any = app(environ_of(REQUESTS[number % len(REQUESTS)]), start_response)
            assert b"".join(parts)
            parts.close()

    make(WARM)
    before = Footprint.now()
    make(CALLS)

    assert_flat(before, Footprint.now(), CALLS)


@pytest.mark.usefixtures("_quiet")
def test_starlette_keeps_nothing_of_ten_thousand_calls(client: inngest.Inngest) -> None:
    app = Starlette(routes=[inngest_starlette.serve(client)])

    async def make(count: int) -> None:
        for number in range(count):
            connection = Connection(REQUESTS[number % len(REQUESTS)], asyncio.Event())
            await app(scope_of(connection.request), connection.receive, connection.send)
            assert connection.response().body

    async def main() -> tuple[Footprint, Footprint]:
        await make(WARM)
        before = Footprint.now()
        await make(CALLS)
        return before, Footprint.now()

    assert_flat(*asyncio.run(main()), CALLS)


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log nothing: what pytest captures, it keeps."""
    monkeypatch.setattr(logging.getLogger("inngest_py"), "disabled", True)
