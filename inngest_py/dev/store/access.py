"""A store as the event loop uses it: for one thing at a time, and the loop never waits for a disk.

Changes are written on the loop, microseconds each: nothing goes to the disk before their transaction ends. Its end, and
everything that is read, happens in a thread. Changes are not written there, because every statement lets go of the
interpreter's lock and wants it back, for which a thread beside a busy loop waits five milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from inngest_py.dev.decisions import Change
from inngest_py.dev.store.port import Store

T = TypeVar("T")


class Access:
    """The way to a store. One that is not durable makes nobody wait, and needs no thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "inngest-store") if store.durable else None

    async def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes. When this returns they are on the disk, where there is one."""
        if self._thread is None:
            self._store.commit(changes)
        else:
            await self._alone(self._thread, self._store.flush, before=partial(self._store.write, changes))

    async def read(self, query: Callable[..., T], *arguments: Any) -> T:
        """Ask the store something."""
        if self._thread is None:
            return query(*arguments)
        return await self._alone(self._thread, partial(query, *arguments))

    def close(self) -> None:
        """Let go of the store, once what is under way has ended."""
        if self._thread is not None:
            self._thread.shutdown()
        self._store.close()

    async def _alone(
        self, thread: ThreadPoolExecutor, work: Callable[[], T], before: Callable[[], None] = lambda: None
    ) -> T:
        """Work in the thread, while nobody else uses the store: not even when whoever waits for this is cancelled."""
        await self._turn.acquire()
        try:
            before()
            done = asyncio.get_running_loop().run_in_executor(thread, work)
        except BaseException:
            self._turn.release()
            raise
        done.add_done_callback(lambda _: self._turn.release())
        return await asyncio.shield(done)
