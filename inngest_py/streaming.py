"""A call whose reply is streamed: the client hears of it at once and while it lasts, and has the reply at its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Final

from inngest_py.engine.drive import adrive, drive
from inngest_py.engine.effects import Flow
from inngest_py.performer import Performer, Timed
from inngest_py.runtime import Departure
from inngest_py.wire.http import Response
from inngest_py.wire.streaming import KEEP_ALIVE, envelope


class Stream:
    """The bytes of a streamed reply. Whoever begins to read them begins the call.

    For plain code it runs in a thread of its own, in the context that this is made in and with what `carry` brings
    there; for a coroutine it is a task. Who stops reading, and closes the generator, ends what is async in the call
    and waits for the rest. `interval` is the time in seconds from one sign of life to the next.
    """

    def __init__(
        self,
        answer: Callable[[], Flow[Response]],
        performer: Performer,
        interval: float,
        carry: Callable[[Callable[[], None]], Callable[[], None]],
    ) -> None:
        self._answer: Final = answer
        self._performer: Final = performer
        self._interval: Final = interval
        self._departure: Final = Departure()
        self._outcome: Final = Future[bytes]()
        self._context: Final = copy_context()
        self._carried: Final = carry(self._work)

    def __iter__(self) -> Generator[bytes]:
        """Give the bytes to plain code."""
        work = threading.Thread(target=self._context.run, args=(self._carried,), name="inngest-call", daemon=True)
        work.start()
        try:
            yield KEEP_ALIVE
            while not wait([self._outcome], self._interval).done:
                yield KEEP_ALIVE
            work.join()
            yield self._outcome.result()
        finally:
            self._departure.leave()
            work.join()

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Give the bytes to a coroutine."""
        work = asyncio.create_task(self._awork())
        try:
            yield KEEP_ALIVE
            while not (await asyncio.wait([work], timeout=self._interval))[0]:
                yield KEEP_ALIVE
            yield work.result()
        finally:
            self._departure.leave()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def _work(self) -> None:
        timed = Timed(self._performer.ending_with(self._departure))
        try:
            found = envelope(timed.stamp(drive(self._answer(), timed.perform)))
        except BaseException as error:
            self._outcome.set_exception(error)
        else:
            self._outcome.set_result(found)

    async def _awork(self) -> bytes:
        timed = Timed(self._performer.ending_with(self._departure))
        return envelope(timed.stamp(await adrive(self._answer(), timed.aperform)))
