"""Whose turn it is: memoized steps are handed over in the order in which they were completed.

So a race replays as it happened. A step that is next in that order, and is asked for by the branch that was served
last, gets its memo at once; any other waits until nothing moves any more.
"""

from __future__ import annotations

from collections.abc import Collection

from inngest_py.engine.memory import Memory


class Turns:
    """Walks along the order of completion as steps are handed over."""

    __slots__ = ("_memory", "_next", "_passed", "expected")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._next = 0
        self._passed: set[str] = set()
        self.expected = memory.order[0] if memory.order else None
        """The hashed id of the step that is next in the order, or None when none is left."""

    def is_next(self, hashed: str) -> bool:
        """Whether this step is next in the order; a step whose place is not known never has to wait for another."""
        return self.expected is None or self.expected == hashed or self._memory.position(hashed) is None

    def hand_over(self, hashed: str) -> None:
        """Note that a step got its memo, and move on to the first one that has not."""
        if hashed != self.expected:
            self._passed.add(hashed)
            return
        order = self._memory.order
        self._next += 1
        while self._next < len(order) and order[self._next] in self._passed:
            self._next += 1
        self.expected = order[self._next] if self._next < len(order) else None

    def first_of(self, waiting: Collection[str]) -> str:
        """Of the steps that wait, the one that was completed first."""
        return min(waiting, key=lambda hashed: self._memory.position(hashed) or 0)
