"""Our client against servers that answer byte for byte what a test says, however odd."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from inngest_py.dev.exchange import BrokenExchangeError, TooLargeError, request_bytes
from inngest_py.dev.pool import Pool, read_address
from inngest_py.wire.http import Response

AT_ONCE = 10
LIMIT = 1000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of the given bytes; an empty one hangs up. `requests` are what came."""

    def __init__(self, *answers: bytes, hang_up: bool = False) -> None:
        self.answers = list(answers)
        self.hang_up = hang_up
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
            self.requests.append(head + await reader.readexactly(length))
            self.asked.set()
            answer = self.answers.pop(0)
            writer.write(answer)
            if not answer or self.hang_up:
                break
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes, hang_up: bool = False) -> AsyncIterator[Server]:
    server = Server(*answers, hang_up=hang_up)
    started = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = started.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        started.close()
        await started.wait_closed()


@asynccontextmanager
async def pooling(kept: float = 60) -> AsyncIterator[Pool]:
    pool = Pool(at_once=AT_ONCE, kept=kept, patience=5, limit=LIMIT)
    try:
        yield pool
    finally:
        pool.close()


async def answer_to(*answers: bytes, method: str = "POST", hang_up: bool = False) -> Response:
    async with serving(*answers, hang_up=hang_up) as server, pooling() as pool:
        return await pool.request(method, server.url, {}, b"")


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK,
        b"HTTP/1.1 200\r\ncontent-length:2\r\n\r\nok",
    ],
)
async def test_a_body_is_read_however_it_is_framed(answer):
    response = await answer_to(answer)

    assert (response.status, response.body) == (200, b"ok")
    assert "a" not in response.headers


async def test_the_end_of_the_connection_may_be_the_end_of_the_body():
    response = await answer_to(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nok", hang_up=True)

    assert response == Response(200, {"x-a": "b"}, b"ok")


async def test_the_answer_to_head_has_no_body_and_is_not_waited_for():
    response = await answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", method="HEAD")

    assert response == Response(200, {"content-length": "2000"})


async def test_a_packed_body_is_unpacked():
    packed = gzip.compress(b"x" * LIMIT)

    response = await answer_to(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    )

    assert response.body == b"x" * LIMIT


async def test_a_body_that_is_too_large_once_it_is_unpacked_is_refused():
    packed = gzip.compress(b"x" * (LIMIT + 1))

    with pytest.raises(TooLargeError):
        await answer_to(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
        )


async def test_headers_without_an_end_are_refused():
    with pytest.raises(TooLargeError):
        await answer_to(b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 100_000)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "hung up without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nX-A", "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "cannot be unpacked"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "is not HTTP"),
    ],
)
async def test_what_is_no_answer_is_an_error_that_says_so(answer, message):
    with pytest.raises(BrokenExchangeError, match=message):
        await answer_to(answer, hang_up=True)


async def test_a_server_that_hangs_holds_up_no_other():
    async with serving(*[b""] * AT_ONCE) as silent, serving(OK) as other, pooling() as pool:
        waiting = [asyncio.create_task(pool.request("POST", silent.url, {}, b"1")) for _ in range(AT_ONCE + 5)]
        response = await pool.request("POST", other.url, {}, b"2")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert response.body == b"ok"


async def test_a_connection_is_used_again():
    async with serving(OK, OK) as server, pooling() as pool:
        await pool.request("POST", server.url, {}, b"1")
        await pool.request("POST", server.url, {}, b"2")

        assert server.connections == 1
        assert [request[-1:] for request in server.requests] == [b"1", b"2"]


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + OK,
    ],
)
async def test_a_connection_that_is_not_to_be_trusted_is_not_used_again(first):
    async with serving(first, OK) as server, pooling() as pool:
        one = await pool.request("POST", server.url, {}, b"1")
        two = await pool.request("POST", server.url, {}, b"2")

    assert (one.body, two.body, server.connections) == (b"ok", b"ok", 2)


async def test_a_connection_is_not_used_after_it_was_idle_for_too_long():
    async with serving(OK, OK) as server, pooling(kept=0) as pool:
        await pool.request("POST", server.url, {}, b"1")
        await pool.request("POST", server.url, {}, b"2")

    assert server.connections == 2


async def test_a_request_that_was_sent_is_not_made_again_for_who_hung_up_may_have_begun_to_work():
    async with serving(OK, b"", OK) as server, pooling() as pool:
        await pool.request("POST", server.url, {}, b"1")

        with pytest.raises(BrokenExchangeError, match="hung up without an answer"):
            await pool.request("POST", server.url, {}, b"2")

    assert [request[-1:] for request in server.requests] == [b"1", b"2"]


async def test_a_packed_body_that_is_cut_off_is_no_body():
    packed = gzip.compress(b"123456789" * 100)[:-6]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    async with serving(head + packed) as server, pooling() as pool:
        with pytest.raises(BrokenExchangeError, match="cut off"):
            await pool.request("POST", server.url, {}, b"1")


async def test_what_follows_a_body_says_nothing_about_it():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(head + b"2\r\nok\r\n0\r\nContent-Encoding: gzip\r\n\r\n") as server, pooling() as pool:
        response = await pool.request("POST", server.url, {}, b"1")

    assert response.body == b"ok"
    assert "content-encoding" not in response.headers


async def test_a_request_whose_answer_had_begun_is_not_made_again():
    async with serving(OK, b"HTTP/1.1 200 OK\r\n", OK, hang_up=False) as server, pooling() as pool:
        await pool.request("POST", server.url, {}, b"1")
        server.hang_up = True

        with pytest.raises(BrokenExchangeError, match="in the middle"):
            await pool.request("POST", server.url, {}, b"2")

    assert len(server.requests) == 2


async def test_a_request_that_is_given_up_closes_its_connection():
    async with serving(b"HTTP/1.1 100 Continue\r\n\r\n", OK) as server, pooling() as pool:
        waiting = asyncio.create_task(pool.request("POST", server.url, {}, b"1"))
        await server.asked.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

        response = await pool.request("POST", server.url, {}, b"2")

    assert (response.body, server.connections) == (b"ok", 2)


async def test_so_many_requests_are_made_at_once_and_no_more():
    seen, most, go_on = 0, 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen, most
        await reader.readuntil(b"\r\n\r\n")
        seen += 1
        most = max(most, seen)
        if seen == 10:
            go_on.set()
        await go_on.wait()
        seen -= 1
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    started = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{started.sockets[0].getsockname()[1]}"
    async with pooling() as pool:
        await asyncio.gather(*(pool.request("POST", url, {}, b"") for _ in range(25)))
    started.close()

    assert most == 10


@pytest.mark.parametrize(
    ("url", "host", "port", "named", "target"),
    [
        (
            "http://127.0.0.1:5000/api?fnId=a&stepId=step#x",
            "127.0.0.1",
            5000,
            "127.0.0.1:5000",
            "/api?fnId=a&stepId=step",
        ),
        ("https://[::1]", "::1", 443, "[::1]", "/"),
        (
            "http://bücher.test/ä b?ü=%C3%BC",
            "xn--bcher-kva.test",
            80,
            "xn--bcher-kva.test",
            "/%C3%A4%20b?%C3%BC=%C3%BC",
        ),
    ],
)
def test_a_url_is_taken_apart(url, host, port, named, target):
    address = read_address(url)

    assert (address.host, address.port, address.named, address.target) == (host, port, named, target)


@pytest.mark.parametrize("url", ["", "ftp://x.test", "http://", "http://x.test:99999", "/api"])
def test_what_is_no_url_of_a_server_is_refused(url):
    with pytest.raises(ValueError, match=r"."):
        read_address(url)


async def test_a_name_and_password_in_a_url_are_sent_as_such_unless_the_headers_have_others():
    async with serving(OK, OK) as server, pooling() as pool:
        url = server.url.replace("://", "://me:p%40ss@")
        await pool.request("GET", url, {}, None)
        await pool.request("GET", url, {"authorization": "Bearer x"}, None)

    assert b"Authorization: Basic bWU6cEBzcw==\r\n" in server.requests[0]
    assert b"authorization: Bearer x\r\n" in server.requests[1]
    assert b"Basic" not in server.requests[1]


def test_a_request_is_framed_by_us_whatever_its_headers_say():
    headers = {"Content-Length": "9", "Transfer-Encoding": "chunked", "Connection": "close", "X-A": "ü"}

    request = request_bytes("PUT", "/api", "x.test", headers, b"body")

    assert request == "PUT /api HTTP/1.1\r\nHost: x.test\r\nX-A: ü\r\nContent-Length: 4\r\n\r\nbody".encode()


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-C: d"}, {"X-A\n": "b"}, {"X-A": "\0"}])
def test_a_header_that_would_be_more_than_one_is_refused(headers):
    with pytest.raises(ValueError, match="line break in a header"):
        request_bytes("PUT", "/api", "x.test", headers, b"")
