"""A function's coroutine, driven by hand in the task of its request: a task of its own would be awaited too often.

So it can be left where it is, at a step or at whatever it waits for, and what it was given is not known to the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import suppress
from contextvars import copy_context
from types import coroutine
from typing import Any, Final

from inngest_py.engine.run import Outcome, Raised, Returned
from inngest_py.runtime import contained


class Parked:
    """The type of `PARKED`, which the coroutine gives when it can go no further: the reply is known."""


PARKED: Final = Parked()


@coroutine
def park() -> Generator[Any, Any, None]:
    """Wait, in the driven coroutine, to be left."""
    yield PARKED


@coroutine
def turns(count: int) -> Generator[Any, Any, None]:
    """Wait for so many turns of the loop."""
    for _ in range(count):
        yield None


_GRACE: Final = 32
"""How many turns of the loop there are at least for what is waited for: groups within groups need some to end."""


class Driven:
    """A coroutine of the user's, in a copy of the caller's context.

    `outcome` is how it ended, or None; `task` is the one that drives it, and which it takes for its own. `running` says
    that what runs now is the coroutine, and no task that it has made; `cancelled_itself` how often it cancelled `task`.
    """

    def __init__(self, made: Coroutine[Any, Any, Any], task: asyncio.Task[Any]) -> None:
        self.outcome: Outcome | None = None
        self.task: Final = task
        self.running = False
        self.context: Final = copy_context()
        self._coroutine: Final = made
        self._awaited: asyncio.Future[Any] | None = None
        self._wake: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._left = False
        self._timer: asyncio.Handle | None = None
        self.cancelled_itself = 0

    def leave(self) -> None:
        """Have `drive` end soon, wherever the coroutine is."""
        self._left = True
        self._stir()

    def cancel(self) -> None:
        """Cancel the coroutine, or what it waits for, as the loop cancels a task. It is for `drive` to go on then."""
        if self._awaited is None or not self._awaited.cancel():
            self._error = asyncio.CancelledError()

    async def forgive(self) -> None:
        """Take back what the coroutine did when it cancelled its own task."""
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        while self.cancelled_itself and self.task.cancelling():
            self.task.uncancel()
            self.cancelled_itself -= 1

    def close(self) -> None:
        """End the coroutine, which is not driven any more."""
        try:
            self._coroutine.close()
        except (Exception, asyncio.CancelledError) as error:
            self.outcome = self.outcome or Raised(error)

    @property
    def line(self) -> str:
        """Where the coroutine is, as `file:line` of its outermost frame."""
        frame = getattr(self._coroutine, "cr_frame", None)
        return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "an unknown line"

    @coroutine
    def drive(self, patience: float | None = None) -> Generator[Any, Any, None]:
        """Let the coroutine go on until it ends, parks or is left, or until it has waited `patience` seconds.

        Where the loop is busy that may last longer: what is waited for is given some turns.
        """
        self._left = False
        while not self._left:
            if self._awaited is not None:
                yield from self._await(self._awaited, patience)
                continue
            given = self._resume()
            if given is PARKED or self.outcome is not None:
                return
            if given is not None and self._can_await(given):
                given._asyncio_future_blocking = False  # noqa: SLF001 - how a future is told that it is awaited
                given.add_done_callback(self._stir)
                self._awaited = given
                continue
            try:
                yield given
            except BaseException as error:
                self._error = error

    def _resume(self) -> Any:
        error, self._error = self._error, None
        cancelled = self.task.cancelling()
        self.running = True
        try:
            if error is None:
                return self.context.run(self._coroutine.send, None)
            return self.context.run(self._coroutine.throw, error)
        except StopIteration as end:
            self.outcome = Returned(end.value)
        except KeyboardInterrupt:
            raise
        except SystemExit as end:
            self.outcome = Raised(contained(end))
        except asyncio.CancelledError:
            self.outcome = Raised(asyncio.CancelledError())  # the one caught holds our frame, and that holds it
        except BaseException as failure:
            self.outcome = Raised(failure)
        finally:
            self.running = False
            self.cancelled_itself += max(0, self.task.cancelling() - cancelled)
            error = None  # for the same reason: in that circle all memos would be
        return None

    def _can_await(self, given: Any) -> bool:
        """Whether it is something of this loop's to wait for; of anything else the loop itself complains."""
        waits = getattr(given, "_asyncio_future_blocking", False) and given is not self.task
        return waits and given.get_loop() is self.task.get_loop()

    def _await(self, awaited: asyncio.Future[Any], patience: float | None) -> Generator[Any, Any, None]:
        """Wait, and be ready to leave. A task that is cancelled cancels what it waits for, and so does this."""
        loop = self.task.get_loop()
        if patience is not None:
            self._timer = loop.call_later(patience, self._expire, _GRACE)
        while not (awaited.done() or self._left):
            self._wake = loop.create_future()
            try:
                yield from self._wake
            except asyncio.CancelledError as error:
                if not awaited.cancel(*error.args):
                    self._error = error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if awaited.done():
            self._awaited = None

    def _expire(self, turns_left: int) -> None:
        """Leave, but not before what is ready has had some turns: a busy loop may take a second for each of them."""
        if turns_left:
            self._timer = self.task.get_loop().call_soon(self._expire, turns_left - 1)
        else:
            self.leave()

    def _stir(self, _awaited: object = None) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
