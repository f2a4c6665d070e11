"""HTTP to a server: both colours, any number of event loops, and nothing left open or shown."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from inngest_py.errors import ServerError, UsageError
from inngest_py.transport import Transport
from inngest_py.wire.http import Request, Response
from small_server import SmallServer, serving

KEY = "very-secret-event-key"


def echo(request: Request) -> Response:
    return Response(201, {"X-Method": request.method, "X-Agent": request.headers["user-agent"]}, request.body)


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with serving(echo) as running:
        yield running


def request_to(server: SmallServer, body: bytes = b"hello") -> Request:
    return Request("POST", f"{server.url}/e/{KEY}", {"user-agent": "us"}, body)


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """A connection that was not closed is a ResourceWarning, and so an error, when it is collected."""
    yield
    gc.collect()


# Requests ----------------------------------------------------------------------------------------------------------


def test_plain_code_sends_a_request(server: SmallServer) -> None:
    response = Transport().send(request_to(server))

    assert (response.status, response.body) == (201, b"hello")
    assert (response.headers["x-method"], response.headers["x-agent"]) == ("POST", "us")


async def test_a_coroutine_sends_a_request(server: SmallServer) -> None:
    response = await Transport().asend(request_to(server))

    assert (response.status, response.body, response.headers["x-method"]) == (201, b"hello", "POST")


def test_a_connection_is_used_again(server: SmallServer) -> None:
    for _ in range(3):
        Transport().send(request_to(server))

    assert len(server.connections) == 1


def test_a_loop_keeps_its_connection_and_closes_it_at_its_end(server: SmallServer) -> None:
    transport = Transport()

    async def send_twice() -> list[bytes]:
        return [(await transport.asend(request_to(server))).body for _ in range(2)]

    for _ in range(3):
        assert asyncio.run(send_twice()) == [b"hello", b"hello"]

    assert len(server.connections) == 3


def test_a_transport_may_be_gone_before_its_loop_is(server: SmallServer) -> None:
    async def send_at_once() -> list[Response]:
        transport = Transport()
        return await asyncio.gather(*(transport.asend(request_to(server)) for _ in range(5)))

    for _ in range(2):
        assert {response.body for response in asyncio.run(send_at_once())} == {b"hello"}
        gc.collect()


def test_both_colours_can_be_mixed(server: SmallServer) -> None:
    transport = Transport()

    for _ in range(2):
        assert transport.send(request_to(server)).body == b"hello"
        assert asyncio.run(transport.asend(request_to(server))).body == b"hello"


async def test_many_requests_may_be_under_way(server: SmallServer) -> None:
    transport = Transport()

    bodies = [str(number).encode() for number in range(20)]
    responses = await asyncio.gather(*(transport.asend(request_to(server, body)) for body in bodies))

    assert [response.body for response in responses] == bodies


# A client of the user's own ----------------------------------------------------------------------------------------


def answering(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=f"{request.headers['x-proxy']} {request.url.path}".encode())


class SlowTransport(httpx.AsyncBaseTransport):
    """Answers when it is told to, and notes how its requests ended."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.outcome = "cancelled"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.begun.set()
        try:
            await self.go_on.wait()
            self.outcome = "answered"
        finally:
            self.ended.set()
        if request.method == "DELETE":
            raise httpx.ReadError("nobody hears this")
        return httpx.Response(200)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_request_that_nobody_awaits_any_more_goes_on_to_its_end(method: str) -> None:
    slow = SlowTransport()
    sending = asyncio.create_task(
        Transport(httpx.AsyncClient(transport=slow)).asend(Request(method, "http://s.test", {}, b""))
    )
    await slow.begun.wait()

    sending.cancel()
    await asyncio.wait([sending])
    slow.go_on.set()
    await slow.ended.wait()

    assert sending.cancelled()
    assert slow.outcome == "answered"


async def test_a_plain_client_serves_both_colours() -> None:
    given = httpx.Client(transport=httpx.MockTransport(answering), headers={"x-proxy": "theirs"})
    transport = Transport(given)
    request = Request("GET", "http://server/dev")

    assert transport.send(request).body == b"theirs /dev"
    assert (await transport.asend(request)).body == b"theirs /dev"


async def test_an_async_client_serves_coroutines() -> None:
    given = httpx.AsyncClient(transport=httpx.MockTransport(answering), headers={"x-proxy": "theirs"})

    assert (await Transport(given).asend(Request("GET", "http://server/dev"))).body == b"theirs /dev"


def test_an_async_client_does_not_serve_plain_code() -> None:
    given = httpx.AsyncClient(transport=httpx.MockTransport(answering))

    with pytest.raises(UsageError, match=r"which plain code cannot use: give Inngest an httpx.Client"):
        Transport(given).send(Request("GET", "http://server/dev"))


@pytest.mark.parametrize(("own", "said", "expected"), [(None, None, 30), (5.0, None, 5), (5.0, 9.0, 9)])
def test_a_request_has_a_time_limit(own: float | None, said: float | None, expected: float) -> None:
    limits: list[Any] = []

    def note(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(200)

    Transport(httpx.Client(transport=httpx.MockTransport(note)), own).send(Request("GET", "http://server"), said)

    assert limits == [{"connect": expected, "read": expected, "write": expected, "pool": expected}]


# Trouble -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["plain", "async"])
def test_a_server_that_is_not_there_is_named_without_the_path(colour: str) -> None:
    port = closed_port()
    request = Request("POST", f"http://user:password@127.0.0.1:{port}/e/{KEY}")
    transport = Transport()

    with pytest.raises(ServerError) as caught:
        transport.send(request) if colour == "plain" else asyncio.run(transport.asend(request))

    assert f"the Inngest server at http://127.0.0.1:{port} cannot be reached: " in str(caught.value)
    assert (KEY in str(caught.value), "password" in str(caught.value)) == (False, False)
    assert (caught.value.status, caught.value.__cause__, caught.value.__suppress_context__) == (None, None, True)


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.RemoteProtocolError("cut off")])
def test_a_server_that_does_not_answer_is_named_with_the_reason(error: httpx.HTTPError) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    transport = Transport(httpx.Client(transport=httpx.MockTransport(fail)))

    with pytest.raises(ServerError, match=f"cannot be reached: {str(error) or 'ReadTimeout'}$"):
        transport.send(Request("GET", "http://server/dev"))


def test_a_url_that_no_client_takes_is_a_server_that_cannot_be_reached() -> None:
    with pytest.raises(ServerError, match="cannot be reached: Invalid port"):
        Transport().send(Request("GET", "http://server:port/dev"))


# Logs --------------------------------------------------------------------------------------------------------------


async def test_the_log_of_the_http_library_shows_no_event_key(
    server: SmallServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    Transport().send(request_to(server))
    await Transport().asend(request_to(server))
    with httpx.Client() as given:
        Transport(given).send(request_to(server))
        await Transport(given).asend(request_to(server))

    assert caplog.text.count("/e/***") == 4
    assert KEY not in caplog.text


def test_the_log_of_other_peoples_requests_is_left_alone(server: SmallServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "httpx")
    Transport()

    httpx.post(f"{server.url}/e/books")

    assert "/e/books" in caplog.text


def test_the_http_library_is_imported_when_the_first_request_is_made() -> None:
    code = "import sys, inngest_py as i; i.Inngest(app_id='a', is_production=False); print('httpx' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_program_that_ends_leaves_nothing_open(server: SmallServer) -> None:
    code = f"""
import asyncio
from inngest_py.transport import Transport
from inngest_py.wire.http import Request
transport, request = Transport(), Request("POST", "{server.url}/", {{"user-agent": "us"}})
transport.send(request)
asyncio.run(transport.asend(request))
"""
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, check=True)

    assert ended.stderr == b""
