"""One heap for everything that is to happen at a time. Cancelling is cheap; what is cancelled is swept now and then."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, TypeAlias

_SWEEP: Final = 64


class TimerKind(StrEnum):
    """What a timer is for. The rest of its key names the record."""

    JOB = "job"
    PAUSE = "pause"
    START = "start"
    FINISH = "finish"
    CRON = "cron"
    BUFFER = "buffer"
    CLAIM = "claim"
    METER = "meter"
    CANCELLATION = "cancellation"
    GATE = "gate"


Key: TypeAlias = tuple[str, ...]
"""A timer's kind and the name of what it is for."""


class Timers:
    """Timers by key: setting one again moves it."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._due: dict[Key, int] = {}
        self._heap: list[tuple[int, Key]] = []

    def __len__(self) -> int:
        """How many timers are set."""
        return len(self._due)

    def set(self, key: Key, due: int) -> None:
        """Set or move a timer."""
        if self._due.get(key) == due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, key))
        if len(self._heap) > 2 * len(self._due) + _SWEEP:
            self._sweep()

    def cancel(self, key: Key) -> None:
        """Cancel a timer; one that is not set is no mistake."""
        self._due.pop(key, None)

    def next(self) -> int | None:
        """When the next timer is due, or None."""
        heap = self._heap
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: int) -> Iterator[Key]:
        """The keys of all that are due, in order; each is unset before it is given."""
        while (due := self.next()) is not None and due <= now:
            _, key = heapq.heappop(self._heap)
            del self._due[key]
            yield key

    def _sweep(self) -> None:
        self._heap = [(due, key) for key, due in self._due.items()]
        heapq.heapify(self._heap)
