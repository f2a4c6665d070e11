"""The meeting of the two colours: plain code called from a coroutine, and coroutines run for plain code."""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
from asyncio import _get_running_loop, _set_running_loop
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import Context, copy_context
from functools import lru_cache
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")


class ThreadCaller(Protocol):
    """Calls plain code from a coroutine without blocking the loop, with the caller's context variables."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]:
        """Call it, and give its result or raise its exception."""
        ...


class ExitContained(AbstractContextManager[None]):
    """Makes an attempt of the user's code to end the process an error like others.

    In a task, `SystemExit` would end the loop and leave all who wait for it waiting for ever.
    """

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Leave the user's code."""
        if isinstance(error, SystemExit):
            raise contained(error)


def contained(end: SystemExit) -> RuntimeError:
    """The error that an attempt to end the process is."""
    error = RuntimeError(f"the code tried to end the process, with sys.exit({end.code!r})")
    error.__cause__ = end
    return error


EXIT_CONTAINED: Final = ExitContained()


def exit_contained_here() -> AbstractContextManager[None]:
    """Do the same in plain code; not in the main thread, where a server's signal handler may mean to end it."""
    return nullcontext() if threading.current_thread() is threading.main_thread() else EXIT_CONTAINED


class LoopCaller(Protocol):
    """Runs a coroutine for plain code, with the caller's context variables, and waits for it.

    `loop` gives the background loop; it is started when it is first asked for.
    """

    def __call__(
        self, make: Callable[[], Coroutine[Any, Any, T]], loop: Callable[[], asyncio.AbstractEventLoop], /
    ) -> T:
        """Run it, and give its result or raise its exception."""
        ...


class Threads:
    """A pool of threads for plain functions. `size` 0 means none: plain code then runs on the loop."""

    def __init__(self, size: int | None = None) -> None:
        self._pool = None if size == 0 else ThreadPoolExecutor(size, thread_name_prefix="inngest")

    async def __call__(self, call: Callable[[], T], /) -> T:
        """Call plain code in a thread, with the caller's context variables."""
        if self._pool is None:
            return call()
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(_guarded, call))


class Guarded:
    """A thread caller of somebody else's, kept from waiting for ever."""

    def __init__(self, in_thread: ThreadCaller) -> None:
        self._in_thread = in_thread

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]:
        """Call plain code in a thread, with the caller's context variables."""
        return self._in_thread(lambda: _guarded(call))


def _guarded(call: Callable[[], T]) -> T:
    """Call it; a StopIteration cannot travel in a future, and would leave its caller waiting for ever."""
    try:
        return call()
    except StopIteration as error:
        raise RuntimeError("the function raised StopIteration") from error


def run_on_loop(make: Callable[[], Coroutine[Any, Any, T]], loop: Callable[[], asyncio.AbstractEventLoop], /) -> T:
    """Run a coroutine on a loop of another thread, with the caller's context variables, and wait for it."""
    running, outcome, context = loop(), Future[T](), copy_context()
    running.call_soon_threadsafe(lambda: _start(running, make, outcome), context=context)
    return outcome.result()


class Left(BaseException):
    """Nobody waits for a call any longer, and so it ends. Not an error."""


class Departure:
    """The leaving of whoever waits for a call: it ends the coroutines that run for the call's plain code."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = False
        self._running = set[asyncio.Task[Any]]()

    def leave(self) -> None:
        """End what runs, and what would begin to run. Plain code goes on to its own end."""
        with self._lock:
            self._left = True
            for task in self._running:
                task.get_loop().call_soon_threadsafe(task.cancel)

    def ending(self, on_loop: LoopCaller) -> LoopCaller:
        """A loop caller whose coroutines end when it is time to leave; they then raise Left."""

        def call(make: Callable[[], Coroutine[Any, Any, T]], loop: Callable[[], asyncio.AbstractEventLoop], /) -> T:
            return on_loop(lambda: self._run(make), loop)

        return call

    async def _run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        task = asyncio.create_task(make())
        with self._lock:
            self._running.add(task)
            if self._left:
                task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            if self._left:
                raise Left from None
            raise
        finally:
            with self._lock:
                self._running.discard(task)


class BackgroundLoop:
    """One event loop in one thread, for all the coroutines that plain code waits for. Made when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop, with the caller's context variables, and wait for it."""
        return run_on_loop(make, self.running)

    def running(self) -> asyncio.AbstractEventLoop:
        """The loop, started if it never was or if its thread did not survive a fork."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._loop = Context().run(_new_loop)  # asyncio logs something: as part of a call that would need us
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="inngest-loop", daemon=True)
                self._thread.start()
            return self._loop


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop; where gevent has put greenlets in the place of threads, one that the others do not take for theirs."""
    return asyncio.SelectorEventLoop(_modest()) if "gevent.monkey" in sys.modules else asyncio.new_event_loop()


def _modest() -> selectors.BaseSelector:
    """A selector with which no loop is running while it waits: asyncio keeps that by thread, and greenlets share one.

    It is one of those that there are now: gevent puts its own in their place when a server's process begins to work,
    and that may be after this module was imported (`gunicorn --preload`).
    """

    class Modest(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            """Wait for something to be ready."""
            running = _get_running_loop()
            _set_running_loop(None)
            try:
                return super().select(timeout)
            finally:
                _set_running_loop(running)

    return Modest()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _start(loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]], outcome: Future[T]) -> None:
    task = loop.create_task(make())
    task.add_done_callback(lambda done: _hand_over(done, outcome))


def _hand_over(task: asyncio.Task[T], outcome: Future[T]) -> None:
    if task.cancelled():
        outcome.cancel()
        return
    error = task.exception()
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())


@lru_cache(maxsize=1)
def background_loop() -> BackgroundLoop:
    """The one background loop of this process."""
    return BackgroundLoop()
