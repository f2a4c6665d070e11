"""What open pages are told: that something has changed, and what. They ask for the rest, if they show it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Final

from inngest_py.dev.engine import Engine
from inngest_py.dev.notices import AppRemoved, AppSynced, AppUnreachable, EventAccepted, Notice, RunNotice, RunSkipped

PACE: Final = 0.25
"""How long one message waits for what else happens, in seconds."""

_HEARTBEAT: Final = 15.0
_MANY: Final = 200


class Changes:
    """What has changed since it was said last. Of too many runs it is only said that there are some."""

    def __init__(self) -> None:
        self.some = asyncio.Event()
        self._topics: set[str] = set()
        self._runs: set[str] = set()

    def hear(self, notice: Notice) -> None:
        """Take note of a notice."""
        match notice:
            case RunNotice():
                self._topics.add("runs")
                if len(self._runs) < _MANY:
                    self._runs.add(notice.run_id)
            case EventAccepted() | RunSkipped():
                self._topics.add("events")
            case AppSynced() | AppRemoved() | AppUnreachable():
                self._topics.add("apps")
            case _:
                return
        self.some.set()

    def take(self) -> str:
        """The changes as a message, and forget them."""
        runs = None if len(self._runs) >= _MANY else sorted(self._runs)
        said = json.dumps({"topics": sorted(self._topics), "runs": runs})
        self._topics.clear()
        self._runs.clear()
        self.some.clear()
        return f"data: {said}\n\n"


class Hub:
    """Keeps open pages informed, until it is closed. It listens to the engine only while a page is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: set[Changes] = set()
        self._closed = False

    def close(self) -> None:
        """End all streams, so that a server that stops need not wait for them."""
        self._closed = True
        for changes in self._open:
            changes.some.set()

    async def messages(self, pace: float = PACE) -> AsyncGenerator[str]:
        """The messages to one page, as server-sent events."""
        changes = Changes()
        self._open.add(changes)
        try:
            with self._engine.watching(changes.hear):
                yield "retry: 1000\n\n"
                while not self._closed:
                    yield await self._next(changes, pace)
        finally:
            self._open.discard(changes)

    async def _next(self, changes: Changes, pace: float) -> str:
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await changes.some.wait()
        except TimeoutError:
            return ": nothing new\n\n"
        await asyncio.sleep(0 if self._closed else pace)
        return changes.take()
