"""What is known of earlier executions: memos, and the order in which they came (PROTOCOL 6.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from inngest_py.wire.codec import LIST, OBJECT
from inngest_py.wire.event import Event, read_event
from inngest_py.wire.failure import step_error


class Absent:
    """The type of `ABSENT`: a step that has no memo. `None` will not do, for a sleep's memo is null."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Name it."""
        return "ABSENT"


ABSENT: Final = Absent()

RESUMING: Final = "resume-"
"""What the ids of sleeps begin with that no code has asked for: they are no part of the order of steps."""

_HASHED: Final = 40


class Memory:
    """The memos of one call, by hashed id, and `order`: the ids in the order in which the steps were completed."""

    __slots__ = ("_positions", "memos", "order")

    def __init__(self, memos: Mapping[str, Any], order: Sequence[str] = ()) -> None:
        self.memos = memos
        self._positions: Mapping[str, int] | None = None
        self.order: Sequence[str] = list(filter(memos.__contains__, order))
        if self.order and max(map(len, self.order)) > _HASHED:
            self.order = [hashed for hashed in self.order if not hashed.startswith(RESUMING)]

    def recall(self, hashed: str) -> Any:
        """The memo of a step as it came, or ABSENT. A memo that only edits the arguments is none."""
        memo: Any = self.memos.get(hashed, ABSENT)
        if type(memo) is not OBJECT or "data" in memo:
            return memo
        return ABSENT if is_input_only(memo) else memo

    def edited_input(self, hashed: str) -> list[Any] | None:
        """The arguments to use instead of the code's own, where somebody edited them (PROTOCOL 5.1)."""
        memo = self.memos.get(hashed)
        return edited_arguments(memo) if is_input_only(memo) else None

    def position(self, hashed: str) -> int | None:
        """When a step was completed, counted from 0, or None if that is not known."""
        if self._positions is None:
            self._positions = {known: index for index, known in enumerate(self.order)}
        return self._positions.get(hashed)


def is_input_only(memo: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a memo holds edited arguments and no result."""
    return type(memo) is dict and "data" not in memo and "input" in memo and "error" not in memo


def edited_arguments(memo: Mapping[str, Any]) -> list[Any] | None:
    """The arguments in a memo without a result; None if what is there is no list."""
    return memo["input"] if type(memo["input"]) is LIST else None


def result_of(memo: Any, step_id: str) -> Any:
    """Unwrap the memo of a step that ran. Raises StepError if the step failed, however malformed the error."""
    if type(memo) is not OBJECT:
        return memo
    if "error" in memo:
        raise step_error(step_id, memo["error"])
    return memo.get("data", memo)


def event_of(memo: Any) -> Event[dict[str, Any]] | None:
    """Unwrap the memo of a wait: a bare event, or null when the time ran out."""
    return None if memo is None else read_event(memo)
