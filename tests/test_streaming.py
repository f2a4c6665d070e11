"""Streamed calls, as the handler gives them to any framework."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

import pytest

import inngest_py as inngest
from inngest_py import ConfigError, Handler, Inngest, Response
from inngest_py.handler import KEEP_ALIVE
from inngest_py.settings import read_settings
from inngest_py.testing.conformance.asking import call, read, signed, unwrapped

THING = inngest.TriggerEvent(event="thing/happened")

user: ContextVar[str] = ContextVar("user", default="nobody")


@pytest.fixture
def client() -> Inngest:
    client = Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> str:
        return f"plain {user.get()}"

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> str:
        return f"async {user.get()}"

    return client


def handler(client: Inngest, **options: Any) -> Handler:
    return Handler(client, framework="none", streaming=True, **options)


def drained(response: Response) -> Response:
    assert response.chunks is not None
    return Response(response.status, response.headers, b"".join(response.chunks))


async def adrained(response: Response) -> Response:
    assert response.chunks is not None
    return Response(response.status, response.headers, b"".join([chunk async for chunk in response.chunks]))


@pytest.mark.parametrize("colour", ["plain", "async"])
async def test_a_stream_may_be_read_in_either_way(colour: str, client: Inngest) -> None:
    request = call(f"app-{colour}")

    for response in (handler(client).handle(request), await handler(client).ahandle(request)):
        assert read(unwrapped(await adrained(response))) == f"{colour} nobody"
    for response in (handler(client).handle(request), await handler(client).ahandle(request)):
        assert read(unwrapped(drained(response))) == f"{colour} nobody"


@pytest.mark.parametrize("fn_id", ["app-plain", "app-async"])
def test_a_call_runs_in_the_context_of_its_request(fn_id: str, client: Inngest) -> None:
    before = user.set("ada")
    response = handler(client).handle(call(fn_id))
    user.reset(before)

    assert read(unwrapped(drained(response))).endswith(" ada")


def test_nothing_begins_before_somebody_reads(client: Inngest) -> None:
    begun: list[bool] = []

    @client.create_function(fn_id="begins", trigger=THING)
    def begins(_ctx: inngest.ContextSync) -> None:
        begun.append(True)

    response = handler(client).handle(call("app-begins"))

    assert (response.status, begun) == (201, [])


def test_more_can_be_carried_into_the_thread_of_a_call(client: Inngest) -> None:
    threads: list[threading.Thread] = []

    @client.create_function(fn_id="fails", trigger=THING)
    def fails(_ctx: inngest.ContextSync) -> None:
        threads.append(threading.current_thread())
        raise ValueError("no")

    def carry(work: Callable[[], None]) -> Callable[[], None]:
        threads.append(threading.current_thread())

        def carried() -> None:
            work()
            threads.append(threading.current_thread())

        return carried

    drained(handler(client, carry=carry).handle(call("app-fails")))

    assert threads[0] is threading.current_thread()
    assert threads[1] is threads[2] is not threads[0]
    assert not threads[1].is_alive()


def test_a_failure_of_our_own_is_an_answer_in_the_envelope(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_about: object) -> Any:
        raise ZeroDivisionError("the factory of a middleware")

    client = Inngest(app_id="app", is_production=False, middleware=[broken])

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> None: ...

    reply = unwrapped(drained(handler(client).handle(call("app-plain"))))

    assert (reply.status, read(reply)["code"]) == (500, "internal_error")
    assert "ZeroDivisionError" in caplog.text


def test_who_reads_plainly_may_stop_at_any_time(client: Inngest) -> None:
    response = handler(client).handle(call("app-async"))
    assert response.chunks is not None
    reading = iter(response.chunks)

    assert next(reading) == b" "
    reading.close()

    assert [thread.name for thread in threading.enumerate() if thread.name == "inngest-call"] == []


async def test_who_reads_in_a_coroutine_may_stop_at_any_time(client: Inngest) -> None:
    response = await handler(client).ahandle(call("app-async"))
    assert response.chunks is not None

    async with aclosing(aiter(response.chunks)) as reading:
        assert await anext(reading) == b" "


def test_a_sign_of_life_comes_every_three_seconds() -> None:
    assert KEEP_ALIVE == 3


def test_no_proxy_should_keep_the_bytes_back(client: Inngest) -> None:
    assert handler(client).handle(call("app-plain")).headers["x-accel-buffering"] == "no"


def test_a_streamed_reply_is_not_compressed_and_tells_its_times(client: Inngest) -> None:
    @client.create_function(fn_id="long", trigger=THING)
    def long(_ctx: inngest.ContextSync) -> str:
        return "x" * 100_000

    request = call("app-long")
    request = inngest.Request(request.method, request.url, {"accept-encoding": "gzip"}, request.body)
    reply = unwrapped(drained(handler(client).handle(request)))

    assert len(reply.body) == 100_002
    assert reply.headers["server-timing"].startswith("handler;dur=")


def test_a_signed_call_is_verified_before_the_stream_begins() -> None:
    key = "signkey-test-0123456789abcdef0123456789abcdef"
    client = Inngest(app_id="app", is_production=True, signing_key=key)

    requests = [signed(call("app-gone")), call("app-gone"), signed(call("app-gone"), "signkey-test-00")]
    asked = [inngest.Request.of("POST", found.url, found.headers.items(), found.body) for found in requests]

    assert [handler(client).handle(request).status for request in asked] == [201, 401, 401]


@pytest.mark.parametrize("value", ["yes", "2", "forced"])
def test_a_variable_that_says_neither_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=f'INNGEST_STREAMING="{value}" must be one of force, allow, true, 1, disable'):
        read_settings(environ={"INNGEST_STREAMING": value})
