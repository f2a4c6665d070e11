"""Where plain code and coroutines meet in a test.

Where Django is, they meet as they do there, by asgiref: plain code always comes to the thread of the test, which has
the database connections, and on them the transaction that a TestCase rolls back.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, Final, TypeAlias, TypeVar

from inngest_py.runtime import run_on_loop

T = TypeVar("T")

_Run: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]

_run: Final[ContextVar[_Run]] = ContextVar("inngest_testing_run")


def in_thread(call: Callable[[], T], /) -> Awaitable[T]:
    """Call plain code for a coroutine: in a thread of its own, or by asgiref in the one that is meant for it."""
    asgiref = asgiref_in_use()
    found: Awaitable[T] = asyncio.to_thread(call) if asgiref is None else asgiref.sync_to_async(call)()
    return found


def on_loop(make: Callable[[], Coroutine[Any, Any, T]], _: object, /) -> T:
    """Run a coroutine for plain code, on the loop of the test."""
    result: T = _run.get()(make)
    return result


@contextmanager
def a_loop() -> Generator[None]:
    """While plain code plays a test: coroutines run in this thread, on a loop that ends with the test."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def run(make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
            # Not runner.run: it sets a handler for Ctrl-C each time, which takes longer than a short function.
            return loop.run_until_complete(loop.create_task(make(), context=copy_context()))

        with _running(run):
            yield


@contextmanager
def this_loop() -> Generator[None]:
    """While a coroutine plays a test: coroutines that plain code waits for run on its loop, too."""
    asgiref, loop = asgiref_in_use(), asyncio.get_running_loop()
    with _running(lambda make: run_on_loop(make, lambda: loop) if asgiref is None else _by(asgiref, make)):
        yield


def asgiref_in_use() -> Any:
    """The module `asgiref.sync` if Django is in this process, or None."""
    return sys.modules.get("asgiref.sync") if "django.db" in sys.modules else None


def _by(asgiref: Any, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:  # which asgiref wants to see is async
        return await make()

    result: T = asgiref.async_to_sync(run)()
    return result


@contextmanager
def _running(run: _Run) -> Generator[None]:
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)
