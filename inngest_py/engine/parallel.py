"""Whose turn it is: memoized steps are handed over in the order in which they were completed.

So a race replays as it happened. A step that is next in that order, and is asked for by the branch that was served
last, gets its memo at once; any other waits until nothing moves any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from inngest_py.engine.memory import ABSENT, Memory
from inngest_py.wire.codec import OBJECT


class Turns:
    """Walks along the order of completion as steps are handed over."""

    __slots__ = ("_memory", "_passed", "_rest", "expected", "wave")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._passed: set[str | None] = set()
        self._rest = iter(memory.order)
        self.expected = next(self._rest, None)
        """The hashed id of the step that is next in the order, or None when none is left."""
        self.wave = 0
        """How deep the steps are that were handed over: one that is asked for after another is one deeper."""

    def recall(self, hashed: str) -> Any:
        """The memo of a step, if it may have it at once: it is handed over then. If not, ABSENT."""
        if hashed == self.expected:
            memo = self._memory.memos[hashed]
            if type(memo) is OBJECT and "data" in memo:
                self.wave += 1
                self.expected = next(self._rest, None)
                if self._passed:
                    self._skip()
                return memo
        memo = self._memory.recall(hashed)
        return memo if memo is not ABSENT and self.take(hashed) else ABSENT

    def take(self, hashed: str) -> bool:
        """Hand a step its memo if it is next in the order; one whose place is not known never waits for another."""
        if hashed == self.expected:
            self._move_on()
        elif self.expected is not None and self._memory.position(hashed) is not None:
            return False
        else:
            self._passed.add(hashed)
        self.wave += 1
        return True

    def hand_over(self, hashed: str) -> None:
        """Note that a step got its memo, and move on to the first one that has not."""
        if hashed == self.expected:
            self._move_on()
        else:
            self._passed.add(hashed)

    def _move_on(self) -> None:
        self.expected = next(self._rest, None)
        self._skip()

    def _skip(self) -> None:
        while self._passed and self.expected in self._passed:
            self.expected = next(self._rest, None)

    def ahead(self, since: str | None = None) -> Iterator[str]:
        """The steps that have not got their memos, in order; with `since` only those completed after that one."""
        if self.expected is not None:
            start = max(self._place(self.expected), 0 if since is None else self._place(since) + 1)
            left = islice(self._memory.order, start, None)
            yield from (hashed for hashed in left if hashed not in self._passed)

    def _place(self, hashed: str) -> int:
        return self._memory.position(hashed) or 0

    def first_of(self, waiting: Collection[str]) -> str:
        """Of the steps that wait, the one that was completed first."""
        return min(waiting, key=lambda hashed: self._memory.position(hashed) or 0)
