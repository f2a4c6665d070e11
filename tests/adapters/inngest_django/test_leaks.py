"""Ten thousand calls leave nothing behind: no connection, no thread, no file, no memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import inngest_py as inngest
from footprint import Footprint, assert_flat
from harnesses import set_up_django, urlpatterns
from inngest_py.testing.conformance.asking import call
from inngest_py.testing.conformance.hosting import Connection, environ_of, scope_of

set_up_django()

from django.core.asgi import get_asgi_application  # noqa: E402 - needs settings
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.urls import clear_url_caches, path  # noqa: E402

from inngest_django import serve  # noqa: E402
from inngest_django.models import OutboxEvent  # noqa: E402

pytestmark = pytest.mark.usefixtures("tables")

CALLS = {"wsgi": 9_000, "asgi": 1_000}
"""How many calls there are. Under ASGI Django starts a thread for each, which takes its time."""

EVERY = 50
"""One call in so many asks the database: Django connects for it, which takes longer than the call."""

THING = inngest.TriggerEvent(event="thing/happened")


@pytest.fixture
def made() -> Iterator[list[Any]]:
    """Every database connection that is made."""
    found: list[Any] = []

    def note(connection: Any, **_: Any) -> None:
        found.append(connection)

    connection_created.connect(note)
    yield found
    connection_created.disconnect(note)


@pytest.fixture
def function_ids() -> Iterator[list[str]]:
    """Serves functions of each colour, which ask the database, and gives their ids."""
    client = inngest.Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> int:
        return ctx.step.run("count", lambda: 0)

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> int:
        return await ctx.step.run("count", lambda: 0)

    @client.create_function(fn_id="plain-asking", trigger=THING)
    def plain_asking(ctx: inngest.ContextSync) -> int:
        return ctx.step.run("count", OutboxEvent.objects.count)

    @client.create_function(fn_id="async-asking", trigger=THING)
    async def asynchronous_asking(ctx: inngest.Context) -> int:
        await OutboxEvent.objects.acount()
        return await ctx.step.run("count", OutboxEvent.objects.count)

    urlpatterns[:] = [path("api/inngest", serve(client))]
    clear_url_caches()
    with override_settings(MIDDLEWARE=[]):
        yield [function.id for function in client.functions]
    urlpatterns[:] = []
    clear_url_caches()


def in_turn(function_ids: list[str]) -> Callable[[int], inngest.Request]:
    """The requests to make, by their number: plain and async in turn, now and then one that asks the database."""
    requests = [call(fn_id) for fn_id in function_ids]
    return lambda number: requests[number % 2 + 2 * (number % EVERY < 2)]


def under_wsgi(function_ids: list[str]) -> Callable[[int], None]:
    app: Any = get_wsgi_application()
    request = in_turn(function_ids)

    def start_response(status: str, _headers: Any, *_: Any) -> None:
        assert status == "206 Partial Content"

    def ask(times: int) -> None:
        for number in range(times):
            answer = app(environ_of(request(number)), start_response)
            assert b'"data":0' in b"".join(answer)
            answer.close()

    return ask


def under_asgi(function_ids: list[str]) -> Callable[[int], None]:
    app: Any = get_asgi_application()
    request = in_turn(function_ids)

    async def ask_all(times: int) -> None:
        for number in range(times):
            asking = Connection(request(number), asyncio.Event())
            await app(scope_of(asking.request), asking.receive, asking.send)
            answer = asking.response()
            assert answer.status == 206
            assert b'"data":0' in answer.body

    return lambda times: asyncio.run(ask_all(times))


@pytest.mark.parametrize(("hosted", "times"), [(under_wsgi, CALLS["wsgi"]), (under_asgi, CALLS["asgi"])])
def test_calls_leave_nothing_behind(
    hosted: Callable[[list[str]], Callable[[int], None]], times: int, function_ids: list[str], made: list[Any]
) -> None:
    ask = hosted(function_ids)
    ask(max(times // 10, 500))  # what is kept for ever, such as caches, is there then
    made.clear()
    before = Footprint.now()

    ask(times)

    assert len(made) >= times // EVERY
    assert {each.connection for each in made} == {None}
    made.clear()
    assert_flat(before, Footprint.now(), times)


def test_a_connection_that_is_left_open_would_be_found(made: list[Any]) -> None:
    OutboxEvent.objects.count()

    assert [each.connection is None for each in made] == [False]
    connection.close()
