"""Jobs that are ready wait here for a slot. Jobs that need the same slots share a lane; a lane is a heap.

A lane whose first job cannot go is parked at one slot that is full, and is not looked at before that has room. Even
then only the first of those that are parked there is: when it has gone, or cannot go after all, the next one follows.
So a thousand lanes that wait cost nothing. A gate is a slot that time takes while it is shut.
"""

from __future__ import annotations

import heapq
from typing import Final, NamedTuple, TypeAlias

from inngest_py.dev.model import Slot

Lane: TypeAlias = tuple[Slot, ...]
Place: TypeAlias = tuple[int, str, int]
"""The score of a run, its id, and the place of a job among those of the run. The lowest goes first."""


class Ticket(NamedTuple):
    """A lane's place among others, which is that of its first job. Only a lane's last ticket counts."""

    place: Place
    number: int
    lane: Lane


_NONE: Final[dict[int, list[Ticket]]] = {}


class Queue:
    """The jobs that are ready, and how many calls hold each slot."""

    __slots__ = ("_gates", "_lanes", "_number", "_parked", "_ready", "_tickets", "_used")

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[tuple[Place, str]]] = {}
        self._used: dict[str, int] = {}
        self._gates: dict[str, dict[Lane, None]] = {}
        self._tickets: dict[Lane, Ticket] = {}
        self._ready: list[Ticket] = []
        self._parked: dict[str, dict[int, list[Ticket]]] = {}
        self._number = 0

    def add(self, job_id: str, lane: Lane, place: Place) -> None:
        """Put a job into its lane. Its place follows from what is stored, so that it is the same after a restart."""
        heap = self._lanes.get(lane)
        if heap is None:
            heap = self._lanes[lane] = []
            for slot in lane:
                if slot.gate:
                    self._gates.setdefault(slot.name, {})[lane] = None
        heapq.heappush(heap, (place, job_id))
        if heap[0] == (place, job_id):
            self._line_up(lane, self._ready)

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
        self._wake(lane)

    def used(self, slot: str) -> int:
        """How many calls hold a slot now."""
        return self._used.get(slot, 0)

    def waiting(self, gate: str) -> int:
        """How many jobs wait in the lanes of a gate, or a few more: some may have been dropped since."""
        return sum(len(self._lanes[lane]) for lane in self._gates.get(gate, ()))

    def take(self) -> str | None:
        """The next job whose slots are free, or None. It may have been dropped since; the caller checks."""
        while self._ready:
            ticket = heapq.heappop(self._ready)
            lane, taken = ticket.lane, None
            if self._tickets.get(lane) is not ticket:
                continue
            full = next((slot for slot in lane if self.used(slot.name) >= slot.limit), None)
            if full is not None:
                self._line_up(lane, self._parked.setdefault(full.name, {}).setdefault(full.limit, []))
            else:
                taken = self._first(lane)
            self._wake(lane)
            if taken is not None:
                return taken
        return None

    def _line_up(self, lane: Lane, line: list[Ticket]) -> None:
        """Have a lane wait in a line, and in no other any more."""
        self._number += 1
        ticket = self._tickets[lane] = Ticket(self._lanes[lane][0][0], self._number, lane)
        heapq.heappush(line, ticket)

    def _first(self, lane: Lane) -> str:
        """Take the first job out of a lane."""
        heap = self._lanes[lane]
        _, job_id = heapq.heappop(heap)
        if heap:
            self._line_up(lane, self._ready)
        else:
            self._close(lane)
        return job_id

    def _wake(self, slots: Lane) -> None:
        """Have the first lane that is parked at each slot be looked at, if there is room for it.

        Slots of one name may have several limits: a function was registered anew, or functions share them.
        """
        for slot in slots:
            for limit, line in tuple(self._parked.get(slot.name, _NONE).items()):
                if self.used(slot.name) < limit:
                    self._wake_first(slot.name, limit, line)

    def _wake_first(self, name: str, limit: int, line: list[Ticket]) -> None:
        woken = False
        while line and not woken:
            ticket = heapq.heappop(line)
            if self._tickets.get(ticket.lane) is ticket:
                self._line_up(ticket.lane, self._ready)
                woken = True
        if not line:
            del self._parked[name][limit]
            if not self._parked[name]:
                del self._parked[name]

    def _close(self, lane: Lane) -> None:
        del self._lanes[lane], self._tickets[lane]
        for slot in lane:
            if slot.gate:
                lanes = self._gates[slot.name]
                del lanes[lane]
                if not lanes:
                    del self._gates[slot.name]
