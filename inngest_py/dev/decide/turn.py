"""One turn of the scheduler: what it may look at, and what it has decided so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, TypeAlias

from inngest_py.dev.decisions import Call, Decision, Drop, Fetch, Put, Tell
from inngest_py.dev.ids import Ids
from inngest_py.dev.live import Live
from inngest_py.dev.model import Event, Record, Run
from inngest_py.dev.notices import Notice
from inngest_py.dev.state import State


@dataclass(frozen=True, slots=True)
class Ended:
    """An invoked run has ended, and whoever invoked it is to be told."""

    correlation: str
    run: Run


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that invoked a function starts no run of it after all, and whoever invoked it is to be told why."""

    correlation: str
    reason: str


Later: TypeAlias = Event | Ended | Refused
"""What is dealt with after what is being done now."""


class Turn:
    """Collects the decisions about one happening, and applies each change to the state at once."""

    __slots__ = ("_later", "decisions", "ids", "now", "state")

    def __init__(self, state: State, now: int, ids: Ids) -> None:
        self.state = state
        self.now = now
        self.ids = ids
        self.decisions: list[Decision] = []
        self._later: deque[Later] = deque()

    def put(self, record: Record) -> None:
        """Store a record."""
        self._change(Put(record))

    def drop(self, record: Record) -> None:
        """Forget a record."""
        self._change(Drop(record))

    def send(self, request: Call | Fetch) -> None:
        """Make a request, once the changes are stored."""
        self.decisions.append(request)

    def tell(self, notice: Notice) -> None:
        """Tell the observer."""
        self.decisions.append(Tell(notice))

    def later(self, what: Later) -> None:
        """Have something dealt with after what is being done now."""
        self._later.append(what)

    def next(self) -> Later | None:
        """The next thing that was left for later, or None."""
        return self._later.popleft() if self._later else None

    def about(self, live: Live) -> dict[str, Any]:
        """What every notice about a run says."""
        return {"at": self.now, "run_id": live.run.id, "function": live.run.function, "app": live.run.app_id}

    def _change(self, change: Put | Drop) -> None:
        self.state.apply(change)
        self.decisions.append(change)
