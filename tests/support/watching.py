"""Waits for what a dev server tells, and for what is so in it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from inngest_py.dev.model import JobStatus
from inngest_py.dev.notices import AppSynced, Notice, RunCancelled, RunCompleted, RunFailed
from inngest_py.dev.server import DevServer

PATIENCE = 60
MOMENT = 0.02
"""How long, in seconds, is waited for something that is told to nobody before it is looked for."""

Ended = RunCompleted | RunFailed | RunCancelled


class Watch:
    """An observer of a dev server: waits until what was told, or what is so, is as it should be."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._changed = asyncio.Event()

    def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.wake()

    def wake(self) -> None:
        """Have it looked at once more."""
        self._changed.set()

    @property
    def is_synced(self) -> bool:
        """Whether an app has registered."""
        return any(isinstance(notice, AppSynced) for notice in self.notices)

    @property
    def ended(self) -> list[Ended]:
        """The runs that have ended, in this order."""
        return [notice for notice in self.notices if isinstance(notice, Ended)]

    async def quiet(self, server: DevServer) -> None:
        """Until no run is under way, and no event is held back."""
        state = server.engine.state
        try:
            async with asyncio.timeout(PATIENCE):
                while state.live or state.buffers:
                    await self.change()
        except TimeoutError:
            under_way = [(live.run, *live.steps.values()) for live in state.live.values()]
            raise AssertionError(f"after {PATIENCE} s still under way: {under_way or state.buffers}") from None

    async def change(self) -> None:
        """Until something is told."""
        self._changed.clear()
        await self._changed.wait()

    async def moment(self) -> None:
        """Until something is told, but only for a moment."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.change(), MOMENT)


def is_idle(server: DevServer) -> bool:
    """Whether no request to an app is under way."""
    return all(job.status is not JobStatus.RUNNING for job in server.engine.state.jobs.values())
