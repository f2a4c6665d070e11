"""One connection to a server: requests go out and responses come in, one after the other. The importer of httptools.

The dev server makes its requests itself, because that is most of what it does: a library took three times as long for
each (`benchmarks/dev_server.py` compares them).
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

import httptools

from inngest_py.wire import headers as names
from inngest_py.wire.http import Response

_HEAD: Final = 64 * 1024
_INFORMATIONAL: Final = range(100, 200)
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_ENCODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_OURS: Final = frozenset({"connection", "content-length", "transfer-encoding"})


class BrokenExchangeError(ConnectionError):
    """The response did not come, or not all of it, or it is no HTTP."""


class TooLargeError(Exception):
    """A body that is larger than a response may be."""


def request_bytes(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """A request as it goes over the wire. Raises ValueError for a header that would be more than one."""
    lines = [f"{method} {target} HTTP/1.1"]
    if "Host" not in headers and "host" not in headers:
        lines.append(f"Host: {host}")
    for name, value in headers.items():
        if name.lower() not in _OURS:
            lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join((*lines, "", ""))
    if head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1 or "\0" in head:
        raise ValueError("there is a line break in a header, in the method or in the URL")
    return head.encode() + (body or b"")


@lru_cache(maxsize=1024)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


class Exchange(asyncio.Protocol):
    """A connection. A response may have `limit` bytes, packed and unpacked."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._size = 0
        self._bodiless = False
        self._headed = False
        self.is_open = False

    async def request(self, request: bytes, *, bodiless: bool = False) -> Response:
        """Send a request and wait for the response: one without a body, if it answers a HEAD.

        Raises BrokenExchangeError or TooLargeError, and then the connection is closed, as it is if this is cancelled.
        """
        if self._transport is None or not self.is_open:
            raise BrokenExchangeError("the connection is closed")
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._size, self._bodiless = 0, bodiless
        self._clear()
        self._transport.write(request)
        try:
            return await answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """Close the connection, at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._answer is None:
            self.close()
            return
        self._size += len(data)
        if self._size > self._limit + _HEAD:
            self._fail(TooLargeError())
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(BrokenExchangeError(f"the answer is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has closed the connection, which may be the end of the body."""
        self.is_open = False
        if self._answer is None or self._answer.done():
            return
        if exc is None and self._headed and self._lasts_to_the_end():
            self._succeed()
            return
        problem = "it hung up in the middle of its answer" if self._size else "it hung up without an answer"
        self._fail(BrokenExchangeError(problem))

    # What httptools calls --------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins. One that nobody has asked for spoils the connection."""
        if self._answer is None or self._answer.done():
            self.is_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; of a repeated one the last value. What follows a body says nothing about it."""
        if self._headed:
            return
        self._headers[_lower(name)] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The body is next, if there is one."""
        self._headed = self._parser.get_status_code() not in _INFORMATIONAL
        if self._headed and self._bodiless:
            self.is_open = False
            self._succeed()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """The response is complete, unless it was only an interim one."""
        if self._headed:
            self.is_open = self.is_open and self._parser.should_keep_alive()
            self._succeed()
        else:
            self._clear()

    # The answer ------------------------------------------------------------------------------------------------------

    def _clear(self) -> None:
        self._headers, self._parts, self._headed = {}, [], False

    def _lasts_to_the_end(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return "content-length" not in self._headers and "chunked" not in self._headers.get("transfer-encoding", "")

    def _succeed(self) -> None:
        if self._answer is None or self._answer.done():
            return
        try:
            body = self._body()
        except zlib.error as error:
            self._fail(BrokenExchangeError(f"the body cannot be unpacked: {error}"))
        except TooLargeError as error:
            self._fail(error)
        else:
            self._answer.set_result(Response(self._parser.get_status_code(), self._headers, body))
            self._clear()

    def _body(self) -> bytes:
        body = b"".join(self._parts)
        if body and self._headers.get(names.CONTENT_ENCODING, "").lower() in _ENCODINGS:
            unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
            body = unpacking.decompress(body, self._limit + 1)
            if len(body) <= self._limit and not unpacking.eof:
                raise zlib.error("it is cut off")
        if len(body) > self._limit:
            raise TooLargeError
        return body

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()
