"""A Tornado app asked as an ASGI app is, without its server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.web import Application


class Sending(HTTPConnection):
    """What Tornado takes for the connection of a request."""

    def __init__(self, send: Callable[[Any], Any], scheme: str) -> None:
        self._send = send
        self.context = Context(scheme)
        self.on_close: Callable[[], None] = lambda: None

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        self.on_close = callback or (lambda: None)

    def write_headers(self, start_line: Any, headers: HTTPHeaders, chunk: bytes | None = None) -> asyncio.Future[None]:
        assert isinstance(start_line, ResponseStartLine)
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.get_all()]
        return self._write(
            {"type": "http.response.start", "status": start_line.code, "headers": pairs},
            {"type": "http.response.body", "body": chunk or b"", "more_body": True},
        )

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        return self._write({"type": "http.response.body", "body": chunk, "more_body": True})

    def finish(self) -> None:
        """Nothing follows."""

    def _write(self, *messages: Any) -> asyncio.Future[None]:
        async def write() -> None:
            for message in messages:
                await self._send(message)

        return asyncio.ensure_future(write())


def as_asgi(app: Application) -> Any:
    """The app, to be asked as an ASGI app is."""

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        headers = HTTPHeaders()
        for name, value in scope["headers"]:
            headers.add(name.decode(), value.decode())
        uri = f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}"
        connection = Sending(send, scope["scheme"])
        answering = app.start_request(connection, connection)
        before = asyncio.all_tasks()
        answering.headers_received(RequestStartLine(scope["method"], uri, "HTTP/1.1"), headers)
        (task,) = asyncio.all_tasks() - before
        await hand_over(receive, answering)
        leaving = asyncio.create_task(receive())
        await asyncio.wait([leaving, task], return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            connection.on_close()
        leaving.cancel()
        await task

    return asgi


async def hand_over(receive: Any, answering: HTTPMessageDelegate) -> None:
    more = True
    while more:
        message = await receive()
        await (answering.data_received(message["body"]) or asyncio.sleep(0))
        more = message["more_body"]
    answering.finish()


class Context:
    """What a server knows of a connection."""

    remote_ip = "127.0.0.1"

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
