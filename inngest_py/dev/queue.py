"""Jobs that are ready wait here for a slot. Jobs that need the same slots share a lane; a lane is a heap.

A lane is looked at when something was put into it and when one of its slots came free, so that a thousand jobs that
cannot go cost nothing.
"""

from __future__ import annotations

import heapq
from typing import TypeAlias

from inngest_py.dev.model import Slot

Lane: TypeAlias = tuple[Slot, ...]
_Entry: TypeAlias = tuple[int, int, str]


class Queue:
    """The jobs that are ready, and how many calls hold each slot."""

    __slots__ = ("_count", "_hot", "_lanes", "_used", "_watchers")

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[_Entry]] = {}
        self._used: dict[str, int] = {}
        self._watchers: dict[str, dict[Lane, None]] = {}
        self._hot: dict[Lane, None] = {}
        self._count = 0

    def add(self, job_id: str, lane: Lane, score: int) -> None:
        """Put a job into its lane; a lower score goes first, and of equal ones the older."""
        self._count += 1
        heap = self._lanes.get(lane)
        if heap is None:
            heap = self._lanes[lane] = []
            for slot in lane:
                self._watchers.setdefault(slot.name, {})[lane] = None
        heapq.heappush(heap, (score, self._count, job_id))
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
                return heapq.heappop(heap)[2]
        return None

    def _head(self, lane: Lane) -> _Entry:
        heap = self._lanes.get(lane)
        return heap[0] if heap else (0, 0, "")

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
