"""Apps called in this process, as a server would call them, and timed."""

from __future__ import annotations

import asyncio
import gc
import io
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Protocol

from calls import PATH, Call

FEWEST, LONGEST = 3, 30

Answer = tuple[int, bytes]


class Contender(Protocol):
    """An app that takes calls."""

    def answer(self, call: Call) -> Answer:
        """The status and the body of its answer."""
        ...

    def seconds(self, call: Call, times: int) -> float:
        """The processor time that so many calls take."""
        ...


class ASGI:
    """An app of Starlette's."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    def answer(self, call: Call) -> Answer:
        return self._loop.run_until_complete(self._call(_scope(call), call.body))

    def seconds(self, call: Call, times: int) -> float:
        return self._loop.run_until_complete(self._calls(_scope(call), call.body, times))

    async def _calls(self, scope: dict[str, Any], body: bytes, times: int) -> float:
        start = time.process_time()
        for _ in range(times):
            await self._call(dict(scope), body)
        return time.process_time() - start

    async def _call(self, scope: dict[str, Any], body: bytes) -> Answer:
        request, gone, sent = [{"type": "http.request", "body": body}], asyncio.Event(), []

        async def receive() -> dict[str, Any]:
            if request:
                return request.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


class WSGI:
    """An app of Flask's."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def answer(self, call: Call) -> Answer:
        return self._call(_environ(call), call.body)

    def seconds(self, call: Call, times: int) -> float:
        environ = _environ(call)
        start = time.process_time()
        for _ in range(times):
            self._call(dict(environ), call.body)
        return time.process_time() - start

    def _call(self, environ: dict[str, Any], body: bytes) -> Answer:
        environ["wsgi.input"] = io.BytesIO(body)
        started: list[str] = []
        parts = self._app(environ, lambda status, *_: started.append(status))
        answer = b"".join(parts)
        parts.close()
        return int(started[0][:3]), answer


def compare(run: dict[str, Callable[[int], float]], *, rounds: int, slot: float) -> dict[str, float]:
    """Seconds per call of each, in turns: what slows the machine down for a while slows all of them down.

    A slot is how long, in seconds, one is called before it is the next one's turn. The median of the rounds counts;
    there are three at least, and no more once half a minute is over.
    """
    start = time.monotonic()
    times = {name: max(1, int(slot / max(seconds(1), 1e-9))) for name, seconds in run.items()}
    found: dict[str, list[float]] = {name: [] for name in run}
    for done in range(rounds):
        if done >= FEWEST and time.monotonic() - start > LONGEST:
            break
        for name, seconds in run.items():
            gc.collect()
            found[name].append(seconds(times[name]) / times[name])
    return {name: median(one) for name, one in found.items()}


def _scope(call: Call) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": call.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in call.headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


def _environ(call: Call) -> dict[str, Any]:
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return headers | {
        "CONTENT_LENGTH": call.headers["content-length"],
        "CONTENT_TYPE": call.headers["content-type"],
        "PATH_INFO": PATH,
        "QUERY_STRING": call.query,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": io.StringIO(),
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
