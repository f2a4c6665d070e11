"""What Django's people expect: one thread and its connections, transactions in tests, settings, translations."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync

import inngest_py as inngest
from harnesses import DjangoHarness, set_up_django, urlpatterns
from inngest_py.testing.conformance.asking import call, read, unwrapped
from inngest_py.testing.conformance.harness import Harness, Mount
from inngest_py.testing.conformance.hosting import AsgiHost, Host, WsgiHost

set_up_django()

from django.conf import settings  # noqa: E402 - they are there now
from django.db import connection, connections, models, transaction  # noqa: E402
from django.test import AsyncClient, Client, TestCase, override_settings  # noqa: E402
from django.urls import clear_url_caches, include, path, re_path  # noqa: E402
from django.utils.translation import get_language  # noqa: E402

from inngest_django.colours import in_thread  # noqa: E402

THING = inngest.TriggerEvent(event="thing/happened")


class Order(models.Model):
    """Something to keep."""

    number: models.IntegerField[int, int] = models.IntegerField()

    class Meta:
        app_label = "shop"

    def __str__(self) -> str:
        return f"order {self.number}"


@pytest.fixture(scope="module", autouse=True)
def _table() -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Order)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Order)
    connection.close()


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


@pytest.fixture(params=[False, True], ids=["wsgi", "asgi"])
def harness(request: pytest.FixtureRequest) -> Harness:
    return DjangoHarness(asgi=request.param)


@pytest.fixture
def host(harness: Harness, client: inngest.Inngest) -> Iterator[Host]:
    hosted = harness.host(Mount(client))
    yield hosted
    hosted.close()


class Seen:
    """The threads and the database connections in which something was called."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.connections: list[Any] = []

    def __call__(self) -> int:
        """Look around, and use the connection."""
        self.threads.append(threading.current_thread())
        self.connections.append(connections["default"])
        return Order.objects.count()


def declare(client: inngest.Inngest, look: Callable[[], Any]) -> list[str]:
    """Functions that look around in every place where plain code can be. The ids of all of them."""

    async def look_async() -> int:
        await Order.objects.acount()
        return int(await asyncio.to_thread(lambda: 0))

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> None:
        look()

    @client.create_function(fn_id="plain-step", trigger=THING)
    def plain_step(ctx: inngest.ContextSync) -> None:
        ctx.step.run("look", look)

    @client.create_function(fn_id="plain-step-async", trigger=THING)
    def plain_step_async(ctx: inngest.ContextSync) -> None:
        ctx.step.run("look", look_with(look))

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> None:
        await look_async()
        await look_with(look)()

    @client.create_function(fn_id="async-step", trigger=THING)
    async def async_step(ctx: inngest.Context) -> None:
        await ctx.step.run("look", look)

    @client.create_function(fn_id="async-step-async", trigger=THING)
    async def async_step_async(ctx: inngest.Context) -> None:
        await ctx.step.run("look", look_with(look))

    return [function.id for function in client.functions]


def look_with(look: Callable[[], Any]) -> Callable[[], Any]:
    """Look around from async code, in the way in which the ORM does."""
    from asgiref.sync import sync_to_async

    async def looking() -> Any:
        return await sync_to_async(look)()

    return looking


def test_plain_code_everywhere_runs_in_one_thread_of_the_request(client: inngest.Inngest, host: Host) -> None:
    for fn_id in declare(client, seen := Seen()):
        seen.threads.clear()
        if isinstance(host, WsgiHost):
            host.before = lambda: seen.threads.append(threading.current_thread())
        assert host.send(call(fn_id)).status in {200, 206}

        assert len(set(seen.threads)) == 1, fn_id


def test_no_database_connection_stays_open(client: inngest.Inngest, host: Host) -> None:
    for fn_id in declare(client, seen := Seen()):
        host.send(call(fn_id))

        assert seen.connections, fn_id
        assert [used.connection for used in seen.connections] == [None] * len(seen.connections), fn_id


@pytest.fixture
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are kept from one request to the next."""
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", None)
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_HEALTH_CHECKS", True)


@pytest.mark.usefixtures("_kept")
def test_a_connection_that_is_to_be_kept_is_not_under_asgi_where_nobody_would_find_it(client: inngest.Inngest) -> None:
    host = DjangoHarness(asgi=True).host(Mount(client))
    for fn_id in declare(client, seen := Seen()):
        host.send(call(fn_id))

        assert [used.connection for used in seen.connections] == [None] * len(seen.connections), fn_id
    host.close()


def test_no_connection_waits_while_an_async_function_does() -> None:
    seen = Seen()

    async def function() -> None:
        assert await in_thread(seen) == 0
        assert [used.connection for used in seen.connections] == [None]

    async_to_sync(function, force_new_loop=True)()


@pytest.mark.usefixtures("_kept")
def test_a_kept_connection_is_looked_at_before_each_step_of_an_async_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def use() -> Any:
        Order.objects.count()
        return connection.connection

    async def function() -> None:
        first, second = await in_thread(use), await in_thread(use)
        monkeypatch.setattr(type(connections["default"]), "is_usable", lambda _self: False)
        third = await in_thread(use)

        assert first is second
        assert second is not third

    async_to_sync(function)()
    connection.close()


def test_no_database_connection_stays_open_when_replies_are_streamed(client: inngest.Inngest, harness: Harness) -> None:
    host = harness.host(Mount(client, options={"streaming": True}))
    for fn_id in declare(client, seen := Seen()):
        assert unwrapped(host.send(call(fn_id))).status in {200, 206}

        assert len(set(seen.threads)) == 1, fn_id
        assert [used.connection for used in seen.connections] == [None] * len(seen.connections), fn_id
        seen.threads.clear()
    host.close()


def test_the_language_of_the_request_is_active_in_streamed_functions(client: inngest.Inngest, harness: Harness) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> Any:
        return get_language()

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> Any:
        return get_language()

    host = harness.host(Mount(client, options={"streaming": True}))
    for fn_id in ("app-plain", "app-async"):
        request = call(fn_id)
        request = inngest.Request(request.method, request.url, {"Accept-Language": "de"}, request.body)
        assert read(unwrapped(host.send(request))) == "de"
    host.close()


def test_requests_at_the_same_time_have_threads_of_their_own(client: inngest.Inngest, host: Host) -> None:
    together = threading.Barrier(3)

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> None:
        await ctx.step.run("meet", lambda: together.wait(10) * 0 + Order.objects.count())

    asked = [host.begin(call("app-async")) for _ in range(3)]

    assert [read(exchange.answer())[0]["data"] for exchange in asked] == [0] * 3


def test_the_language_of_the_request_is_active_in_functions(client: inngest.Inngest, host: Host) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> Any:
        return get_language()

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> Any:
        return get_language()

    for fn_id in ("app-plain", "app-async"):
        request = call(fn_id)
        request = inngest.Request(request.method, request.url, {"Accept-Language": "de"}, request.body)
        assert read(host.send(request)) == "de"


TENANT = ContextVar("tenant", default="nobody")


class OfTenant:
    """A middleware for which the parameter of a route is."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, _request: Any, _view: Any, args: Sequence[str], kwargs: Mapping[str, str]) -> None:
        TENANT.set(kwargs.get("tenant") or args[0])


@pytest.mark.parametrize("asgi", [False, True])
@pytest.mark.parametrize("route", ["<tenant>/", r"^(\w+)/"])
def test_a_route_may_have_a_parameter_and_middleware_sees_it(client: inngest.Inngest, asgi: bool, route: str) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> Any:
        return TENANT.get()

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> Any:
        return TENANT.get()

    with override_settings(MIDDLEWARE=[f"{__name__}.OfTenant"]):
        host = DjangoHarness(asgi=asgi).host(Mount(client))
        below: Any = include(list(urlpatterns))
        urlpatterns[:] = [path(route, below) if "<" in route else re_path(route, below)]
        clear_url_caches()
        for fn_id in ("app-plain", "app-async"):
            assert read(host.send(call(fn_id, path="/acme/api/inngest"))) == "acme"
    host.close()


def test_atomic_requests_do_not_apply(client: inngest.Inngest, host: Host) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> Any:
        return connection.in_atomic_block

    assert connection.settings_dict["ATOMIC_REQUESTS"] is True
    assert read(host.send(call("app-plain"))) is False


def test_a_step_may_be_atomic(client: inngest.Inngest, host: Host) -> None:
    @transaction.atomic
    def place() -> None:
        Order.objects.create(number=1)
        raise ValueError("no stock")

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> None:
        await ctx.step.run("place", place)

    assert read(host.send(call("app-async")))[0]["op"] == "StepError"
    assert Order.objects.count() == 0


def test_async_code_of_the_project_itself_gets_a_loop_as_ever() -> None:
    client = inngest.Inngest(app_id="app", is_production=False)
    loops: list[object] = []

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> None:
        loops.append(asyncio.get_running_loop())

    async def own() -> None:
        loops.append(asyncio.get_running_loop())

    host = DjangoHarness(asgi=False).host(Mount(client))
    assert isinstance(host, WsgiHost)
    host._call(call("app-async"), SimpleQueue(), threading.Event())
    left_behind = vars(SyncToAsync.threadlocal).get("main_event_loop")
    async_to_sync(own)()

    of_the_function, of_the_project = loops
    assert left_behind is not of_the_function
    assert of_the_project is not of_the_function


def test_an_app_under_asgi_runs_async_functions_on_the_loop_of_the_server(client: inngest.Inngest) -> None:
    loops: list[object] = []

    async def step() -> None:
        loops.append(asyncio.get_running_loop())

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> None:
        await ctx.step.run("where", step)

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> None:
        ctx.step.run("where", step)

    host = DjangoHarness(asgi=True).host(Mount(client))
    assert isinstance(host, AsgiHost)
    host.send(call("app-async"))
    host.send(call("app-plain"))

    assert loops == [host.loop] * 2
    host.close()


class Reading:
    """A middleware that looks into every body, as some do."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        assert request.body
        return self.get_response(request)


@pytest.mark.parametrize("asgi", [False, True])
@pytest.mark.parametrize("reading", [False, True])
def test_a_body_may_have_more_bytes_than_a_form(client: inngest.Inngest, asgi: bool, reading: bool) -> None:
    @client.create_function(fn_id="length", trigger=THING)
    def length(ctx: inngest.ContextSync) -> int:
        return len(ctx.event.data["text"])

    request = call("app-length", data={"text": "x" * 50_000})
    middleware = [f"{__name__}.Reading"] if reading else []
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=200_000 if reading else 1_000, MIDDLEWARE=middleware):
        host = DjangoHarness(asgi=asgi).host(Mount(client))
        assert read(host.send(request)) == 50_000
    host.close()


@pytest.mark.parametrize("asgi", [False, True])
def test_the_limit_of_a_body_may_be_said(client: inngest.Inngest, asgi: bool) -> None:
    host = DjangoHarness(asgi=asgi).host(Mount(client, options={"max_body": 1_000}))

    assert host.send(call("app-any", data={"text": "x" * 2_000})).status == 413
    host.close()


class InATestCase(TestCase):
    """Functions are called in the test's own transaction: they see its rows, and theirs are rolled back."""

    def setUp(self) -> None:
        client = inngest.Inngest(app_id="app", is_production=False)

        @client.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> int:
            Order.objects.create(number=2)
            return Order.objects.count()

        @client.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> int:
            await Order.objects.acreate(number=2)
            return await Order.objects.acount()

        @client.create_function(fn_id="async-step", trigger=THING)
        async def async_step(ctx: inngest.Context) -> None:
            await ctx.step.run("count", Order.objects.acount)

        DjangoHarness(asgi=False).host(Mount(client))

    def test_functions_see_what_the_test_has_made(self) -> None:
        Order.objects.create(number=1)
        client = Client(enforce_csrf_checks=True)

        answers = [self.post(client, fn_id) for fn_id in ("app-plain", "app-async")]

        assert [answer.json() for answer in answers] == [2, 3]
        assert self.post(client, "app-async-step").json()[0]["data"] == 3
        assert Order.objects.count() == 3

    async def test_functions_see_what_an_async_test_has_made(self) -> None:
        await Order.objects.acreate(number=1)
        client = AsyncClient()

        answers = [await self.post(client, fn_id) for fn_id in ("app-plain", "app-async")]

        assert [answer.json() for answer in answers] == [2, 3]
        assert (await self.post(client, "app-async-step")).json()[0]["data"] == 3

    def post(self, client: Client | AsyncClient, fn_id: str) -> Any:
        request = call(fn_id)
        path = request.url.removeprefix("http://app.test:8000")
        return client.post(path, data=request.body, content_type="application/json")


def test_nothing_of_a_test_case_is_left() -> None:
    assert Order.objects.count() == 0
