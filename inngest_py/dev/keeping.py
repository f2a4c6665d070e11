"""How long history is kept, and how much of it: what is over is forgotten, little by little, and its room given back.

Only history goes: runs that have ended, their steps, and events that no run and no buffer has. Idempotency keys, rate
limits and throttles end with a timer of their own, and jobs and pauses with their run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from inngest_py.dev.engine import Engine
from inngest_py.dev.notices import ServerFault
from inngest_py.dev.store.port import EARLIEST, Place, Store

INTERVAL: Final = 10.0
"""How long to wait before looking again, in seconds."""

_PAUSE: Final = 0.05
_ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is kept: for how long, in milliseconds, and up to which size, in bytes. None sets no limit."""

    age: int | None = None
    size: int | None = None


def sweep(store: Store, keeping: Keeping, now: int) -> Iterator[None]:
    """Forget what is not to be kept. Each step takes a few milliseconds; between them other work can be done.

    `now` is in Unix milliseconds.
    """
    if keeping.age is not None:
        yield from _forget(store, now - keeping.age)
    if keeping.size is not None and store.size() > keeping.size:
        yield from _make_room(store, keeping.size * _ENOUGH, now)
    while store.shrink():
        yield


def _make_room(store: Store, enough: float, now: int) -> Iterator[None]:
    """Forget the oldest until what is left is small enough."""
    for _ in _forget(store, now + 1):
        yield
        if store.size() <= enough:
            return


def _forget(store: Store, before: int) -> Iterator[None]:
    """Forget runs, with their events, and in turn the events that no run has, so that neither waits for the other."""
    runs: Place | None = EARLIEST
    events: Place | None = EARLIEST
    while runs is not None or events is not None:
        if runs is not None:
            runs = store.forget_runs(before, runs)
            yield
        if events is not None:
            events = store.forget_events(before, events)
            yield


class Keeper:
    """Sweeps for as long as it runs, beside an engine that goes on with its work."""

    def __init__(self, engine: Engine, keeping: Keeping) -> None:
        self._engine = engine
        self._keeping = keeping
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        if self._keeping != Keeping():
            self._task = asyncio.create_task(self._keep(), name="inngest-keeper")

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> None:
        """Sweep once."""
        steps = sweep(self._engine.store, self._keeping, self._engine.clock())
        more = True
        while more:
            more = await self._engine.read(_proceed, steps)
            await asyncio.sleep(_PAUSE if more else 0)

    async def _keep(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception as error:
                self._engine.tell(ServerFault(at=self._engine.clock(), error=error))
            await asyncio.sleep(INTERVAL)


def _proceed(steps: Iterator[None]) -> bool:
    """Take one step; the answer is whether there was one."""
    return any(True for _ in islice(steps, 1))
