"""Django's way between plain and async code: asgiref's, so that plain code always meets the request's own thread.

A request's thread has its database connections, and in a test the transaction that will be rolled back. Under ASGI
Django calls the view in such a thread, too, and never on the loop.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async
from django.db import connections
from django.utils import timezone, translation

T = TypeVar("T")
GetLoop = Callable[[], asyncio.AbstractEventLoop]


async def in_thread(call: Callable[[], T], /) -> T:
    """Call plain code from a coroutine, in the thread of the request.

    Between two such calls a coroutine may wait for long: no database connection waits with it, and one that is kept
    (`CONN_MAX_AGE`) is looked at before it is used again.
    """
    return await sync_to_async(_with_fresh_connections, thread_sensitive=True)(call)


def _with_fresh_connections(call: Callable[[], T]) -> T:
    _close_old_connections()
    try:
        return call()
    finally:
        _close_old_connections()


def _close_old_connections() -> None:
    """Do what Django does before and after a request; but in a test a transaction may be open, and stays so."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def close_connections() -> None:
    """Close this thread's connections, kept or not, for it is about to end; not those with a test's transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def on_loop(make: Callable[[], Coroutine[Any, Any, T]], loop: GetLoop, /) -> T:
    """Run a coroutine for plain code: on the server's loop if there is one, else on the background loop."""

    async def run() -> T:
        return await make()

    with _loop_above(loop):
        return async_to_sync(run)()


def carry(work: Callable[[], None]) -> Callable[[], None]:
    """Work for another thread: with the language and the time zone of this one, and no connection left open there."""
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def carried() -> None:
        try:
            with translation.override(language), timezone.override(zone):
                work()
        finally:
            connections.close_all()

    return carried


@contextmanager
def _loop_above(loop: GetLoop) -> Generator[None]:
    """Let asgiref find a running loop above this thread; without one it would make a new loop for every call."""
    here = vars(SyncToAsync.threadlocal)
    before = dict(here)
    if not _is_running(before):
        here.update(main_event_loop=loop(), main_event_loop_pid=os.getpid(), task_context=None)
    try:
        yield
    finally:
        here.clear()
        here.update(before)


def _is_running(here: dict[str, Any]) -> bool:
    above = here.get("main_event_loop")
    return above is not None and above.is_running() and here.get("main_event_loop_pid") == os.getpid()
