"""A WSGI or ASGI app, hosted in this process and asked with requests of the wire: no sockets, nothing normalised."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from inngest_py import Request, Response

PATIENCE = 10.0
"""How long, in seconds, an answer may take before a test gives up. No test waits for it to pass."""

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
Message = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Exchange(Protocol):
    """A request that is being answered."""

    def answer(self) -> Response:
        """Wait for the answer."""
        ...

    def bit(self) -> bytes:
        """Wait for the next bit of the body."""
        ...

    def leave(self) -> None:
        """Disconnect, without waiting for the answer any longer; then wait until the app is done with it."""
        ...


class Host(Protocol):
    """An app that can be asked. `before` is called in every request's context before the app is, as middleware is."""

    before: Callable[[], None]

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The server's event loop, if it has one."""
        ...

    @property
    def streams(self) -> bool:
        """Whether a client has the bits of a body as they come."""
        ...

    @property
    def takes_bytes(self) -> bool:
        """Whether the body of an answer may be more than text."""
        ...

    @property
    def tells_leaving(self) -> bool:
        """Whether an app is told that its client has left before there is something to send."""
        ...

    def begin(self, request: Request) -> Exchange:
        """Ask, and do not wait."""
        ...

    def send(self, request: Request) -> Response:
        """Ask, and wait for the answer."""
        ...

    def close(self) -> None:
        """End."""
        ...


def nothing() -> None:
    """Do nothing."""


class Asked:
    """The outcome of a request, the bits of its body as they come, and who is to be told when the client leaves."""

    def __init__(self, outcome: Future[Response], bits: SimpleQueue[bytes], left: Callable[[], None]) -> None:
        self._outcome = outcome
        self._bits = bits
        self._left = left

    def bit(self) -> bytes:
        return self._bits.get(timeout=PATIENCE)

    def answer(self) -> Response:
        return self._outcome.result(PATIENCE)

    def leave(self) -> None:
        self._left()
        self._outcome.exception(PATIENCE)


# WSGI -----------------------------------------------------------------------------------------------------------------


class WsgiHost:
    """Hosts a WSGI app: one thread for every request."""

    loop = None
    streams = takes_bytes = True
    tells_leaving = False

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self.before = nothing

    def begin(self, request: Request) -> Asked:
        outcome, bits, left = Future[Response](), SimpleQueue[bytes](), threading.Event()
        threading.Thread(target=self._answer, args=(request, outcome, bits, left), daemon=True).start()
        return Asked(outcome, bits, left.set)

    def send(self, request: Request) -> Response:
        return self.begin(request).answer()

    def close(self) -> None:
        """There is nothing to end."""

    def _answer(
        self, request: Request, outcome: Future[Response], bits: SimpleQueue[bytes], left: threading.Event
    ) -> None:
        try:
            outcome.set_result(copy_context().run(self._call, request, bits, left))
        except BaseException as error:
            outcome.set_exception(error)

    def _call(self, request: Request, bits: SimpleQueue[bytes], left: threading.Event) -> Response:
        """Call the app. That the client has left shows when there is something to send to it, as with a real server."""
        self.before()
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            if exc_info is None:
                started.append((status, headers))

        sent = b""
        parts = self._app(environ_of(request), start_response)
        try:
            for part in parts:
                if left.is_set():
                    break
                sent += part
                bits.put(part)
        finally:
            getattr(parts, "close", nothing)()
        status, headers = started[0]
        return Response(int(status[:3]), lowered(headers), sent)


def environ_of(request: Request) -> dict[str, Any]:
    """What a WSGI server makes of a request."""
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


# Functions ------------------------------------------------------------------------------------------------------------


class FunctionHost:
    """Hosts whatever answers a request in plain code, of which nothing but the answer is seen: one thread for each.

    `takes_bytes` says whether an answer may be more than text.
    """

    loop = None
    streams = False
    tells_leaving = False

    def __init__(self, answer: Callable[[Request], Response], *, takes_bytes: bool = True) -> None:
        self._answer = answer
        self.takes_bytes = takes_bytes
        self.before = nothing

    def begin(self, request: Request) -> Asked:
        outcome = Future[Response]()
        threading.Thread(target=self._ask, args=(request, outcome), daemon=True).start()
        return Asked(outcome, SimpleQueue(), nothing)

    def send(self, request: Request) -> Response:
        return self.begin(request).answer()

    def close(self) -> None:
        """There is nothing to end."""

    def _ask(self, request: Request, outcome: Future[Response]) -> None:
        try:
            outcome.set_result(copy_context().run(self._call, request))
        except BaseException as error:
            outcome.set_exception(error)

    def _call(self, request: Request) -> Response:
        self.before()
        return self._answer(request)


# ASGI -----------------------------------------------------------------------------------------------------------------


class AsgiHost:
    """Hosts an ASGI app: one loop, in a thread of its own, for all requests."""

    streams = takes_bytes = tells_leaving = True

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.before = nothing
        self._ready = Future[asyncio.AbstractEventLoop]()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),), name="host", daemon=True)
        self._thread.start()
        self.loop = self._ready.result(PATIENCE)

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        self._ready.set_result(asyncio.get_running_loop())
        await self._ended.wait()

    def begin(self, request: Request) -> Asked:
        outcome, bits, left = Future[Response](), SimpleQueue[bytes](), asyncio.Event()
        asyncio.run_coroutine_threadsafe(self._answer(Connection(request, left, bits), outcome), self.loop)
        return Asked(outcome, bits, lambda: self._tell(left))

    def send(self, request: Request) -> Response:
        return self.begin(request).answer()

    def close(self) -> None:
        self._tell(self._ended)
        self._thread.join(PATIENCE)

    def _tell(self, event: asyncio.Event) -> None:
        self.loop.call_soon_threadsafe(event.set)

    async def _answer(self, connection: Connection, outcome: Future[Response]) -> None:
        self.before()
        try:
            await self._app(scope_of(connection.request), connection.receive, connection.send)
            outcome.set_result(connection.response())
        except BaseException as error:
            outcome.set_exception(error)


class Connection:
    """What an ASGI app receives and sends: the body in two pieces, and then nothing until the client leaves."""

    def __init__(self, request: Request, left: asyncio.Event, bits: SimpleQueue[bytes] | None = None) -> None:
        self.request = request
        middle = len(request.body) // 2
        self._pieces = [request.body[:middle], request.body[middle:]]
        self._left = left
        self._bits = bits or SimpleQueue[bytes]()
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = b""

    async def receive(self) -> Message:
        if self._pieces:
            return {"type": "http.request", "body": self._pieces.pop(0), "more_body": bool(self._pieces)}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            part = message.get("body", b"")
            self._body += part
            if part:
                self._bits.put(part)

    def response(self) -> Response:
        """What was sent. Of a client that left it is nothing."""
        return Response(self._status, lowered(self._headers), self._body)


def scope_of(request: Request) -> dict[str, Any]:
    """What an ASGI server makes of a request."""
    url = urlsplit(request.url)
    headers = {"Host": url.netloc, "Content-Length": str(len(request.body)), **request.headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote_to_bytes(url.path).decode(),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": (url.hostname, url.port or 80),
    }


def lowered(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name."""
    return {name.lower(): value for name, value in headers}
