"""Jobs that are ready wait here for a slot. Jobs that need the same slots share a lane; a lane is a heap.

A lane is looked at when something was put into it and when one of its slots came free, so that a thousand jobs that
cannot go cost nothing. A gate is a slot that time takes while it is shut.
"""

from __future__ import annotations

import heapq
from typing import Final, TypeAlias

from inngest_py.dev.model import Slot

Lane: TypeAlias = tuple[Slot, ...]
Place: TypeAlias = tuple[int, str, int]
"""The score of a run, its id, and the place of a job among those of the run. The lowest goes first."""

_FIRST: Final[Place] = (0, "", 0)


class Queue:
    """The jobs that are ready, and how many calls hold each slot."""

    __slots__ = ("_hot", "_lanes", "_used", "_watchers")

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[tuple[Place, str]]] = {}
        self._used: dict[str, int] = {}
        self._watchers: dict[str, dict[Lane, None]] = {}
        self._hot: dict[Lane, None] = {}

    def add(self, job_id: str, lane: Lane, place: Place) -> None:
        """Put a job into its lane. Its place follows from what is stored, so that it is the same after a restart."""
        heap = self._lanes.get(lane)
        if heap is None:
            heap = self._lanes[lane] = []
            for slot in lane:
                self._watchers.setdefault(slot.name, {})[lane] = None
        heapq.heappush(heap, (place, job_id))
        self._hot[lane] = None

    def hold(self, lane: Lane) -> None:
        """Take one of each slot."""
        for slot in lane:
            self._used[slot.name] = self._used.get(slot.name, 0) + 1

    def release(self, lane: Lane) -> None:
        """Give one of each slot back."""
        for slot in lane:
            left = self._used[slot.name] - 1
            if left:
                self._used[slot.name] = left
            else:
                del self._used[slot.name]
            self._hot.update(self._watchers.get(slot.name, {}))

    def used(self, slot: str) -> int:
        """How many calls hold a slot now."""
        return self._used.get(slot, 0)

    def waiting(self, slot: str) -> int:
        """How many jobs wait in the lanes of a slot, or a few more: some may have been dropped since."""
        return sum(len(self._lanes[lane]) for lane in self._watchers.get(slot, ()))

    def take(self) -> str | None:
        """The next job whose slots are free, or None. It may have been dropped since; the caller checks."""
        while self._hot:
            lane = min(self._hot, key=self._head) if len(self._hot) > 1 else next(iter(self._hot))
            heap = self._lanes.get(lane)
            if not heap:
                self._close(lane)
            elif self._blocked(lane):
                del self._hot[lane]
            else:
                return heapq.heappop(heap)[1]
        return None

    def _head(self, lane: Lane) -> Place:
        heap = self._lanes.get(lane)
        return heap[0][0] if heap else _FIRST

    def _blocked(self, lane: Lane) -> bool:
        return any(self._used.get(slot.name, 0) >= slot.limit for slot in lane)

    def _close(self, lane: Lane) -> None:
        del self._hot[lane]
        self._lanes.pop(lane, None)
        for slot in lane:
            watchers = self._watchers.get(slot.name)
            if watchers is not None:
                watchers.pop(lane, None)
                if not watchers:
                    del self._watchers[slot.name]
