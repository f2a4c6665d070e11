"""Sending what functions log to a dev server that asks for it: in the background, and only in development."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from inngest_py.engine.drive import adrive
from inngest_py.engine.effects import Effect
from inngest_py.errors import ServerError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.flows.checkpoints import Silence
from inngest_py.middleware.logging import Lines, current_lines, note_every_logger
from inngest_py.performer import Performer
from inngest_py.runtime import Threads, background_loop
from inngest_py.settings import Settings
from inngest_py.transport import Transport, say_nothing
from inngest_py.wire import headers
from inngest_py.wire.call import Call
from inngest_py.wire.codec import encode
from inngest_py.wire.http import Request

PACE: Final = 0.1
"""How long the first line waits for others to go with it, in seconds."""

MOST: Final = 5_000
"""How many lines wait at most; more are left out, and it is said how many."""

AT_ONCE: Final = 500
"""How many lines go in one request."""

_PATIENCE: Final = 5.0
_WANTED: Final = "wanted"
_NOTHING: Final = nullcontext()

_Line: TypeAlias = Mapping[str, Any]


class LogPost:
    """Takes lines from any thread, and sends them from the background loop for as long as there are some.

    Nobody waits for it, and nothing fails because of it: what cannot be sent is let go. `clock` gives the Unix time in
    seconds, `pace` is how long the first line waits for others, in seconds. The HTTP client is no client of the user's:
    one that belongs to another event loop could not be used in this one.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        *,
        pace: float = PACE,
        perform: Callable[[Effect], Awaitable[Any]] | None = None,
    ) -> None:
        self._settings: Final = settings
        self._perform: Final = perform or Performer(Transport(), Threads(0)).aperform
        self._clock: Final = clock
        self._pace: Final = pace
        self._silence: Final = Silence()
        self._lock: Final = threading.Lock()
        self._waiting: list[tuple[str, _Line]] = []
        self._left_out = 0
        self._sending: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def of(self, call: Call, request: Request) -> AbstractContextManager[None]:
        """Take what is logged in a call, if the server wants it and this is development."""
        wanted = self._settings.dev and request.headers.get(headers.LOGS) == _WANTED
        return self._taking(call) if wanted else _NOTHING

    @contextmanager
    def _taking(self, call: Call) -> Generator[None]:
        note_every_logger()
        token = current_lines.set(Lines(call.attempt, lambda line: self.put(call.run_id, line)))
        try:
            yield
        finally:
            current_lines.reset(token)

    def put(self, run_id: str, line: _Line) -> None:
        """Have a line sent, soon."""
        if self._silence.lasts(self._clock()):
            return
        with self._lock:
            if len(self._waiting) >= MOST:
                self._left_out += 1
                return
            self._waiting.append((run_id, line))
            loop = background_loop().running()
            if loop is self._sending:  # it is another one after a fork, and nobody sends there yet
                return
            self._sending = loop
        loop.call_soon_threadsafe(self._start, context=Context())  # what it logs itself belongs to no run

    def _start(self) -> None:
        say_nothing()
        self._task = asyncio.get_running_loop().create_task(self._send_all(), name="inngest-logs")

    async def _send_all(self) -> None:
        await asyncio.sleep(self._pace)
        while portion := self._take():
            for run_id, lines in groupby(portion, key=lambda each: each[0]):
                await self._send(run_id, [line for _, line in lines])

    def _take(self) -> Sequence[tuple[str, _Line]]:
        with self._lock:
            portion, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            if portion and not self._waiting and self._left_out:
                message = f"{self._left_out} more lines came too fast, and were left out"
                portion.append((portion[-1][0], {**portion[-1][1], "level": "WARNING", "message": message}))
                self._left_out = 0
            if not portion:
                self._sending = None
            return portion

    async def _send(self, run_id: str, lines: Sequence[_Line]) -> None:
        url = f"{self._settings.api_origin}/v1/runs/{quote(run_id, safe='')}/logs"
        request = Request("POST", url, outgoing_headers(self._settings), encode({"lines": lines}))
        try:
            flow = authorized(self._settings, request, _PATIENCE)
            answer = await adrive(flow, self._perform)
            good = answer.status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
        except ServerError:
            good = False
        if not good:
            self._silence.begin(self._clock())
