"""What the dev server asks of a store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from inngest_py.dev.decisions import Change
from inngest_py.dev.model import Attempt, Event, LogLine, Record, Run, Step

Place: TypeAlias = tuple[int, str]
"""A place in a list that is ordered by time: the time and the id of what is there."""

EARLIEST: Final[Place] = (-1, "")
"""The place after which everything is."""

LATEST: Final[Place] = (1 << 62, "")
"""The place before which everything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs to list; an empty field does not filter.

    They were created after `since` and before `until`, and stand in the list, newest first, behind `before`. `brief`
    ones come without their results, which may be large.
    """

    status: str = ""
    function: str = ""
    app: str = ""
    event: str = ""
    since: int = -1
    until: int = LATEST[0]
    before: Place = LATEST
    limit: int = 20
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list; an empty field does not filter. The times are those at which they were received."""

    name: str = ""
    since: int = -1
    until: int = LATEST[0]
    internal: bool = True
    before: Place = LATEST
    limit: int = 20


class Store(Protocol):
    """Keeps records. What `commit` or `flush` has returned from survives; all of it or nothing."""

    durable: bool
    """Whether a commit waits for a disk, so that it should not be made on the event loop."""

    def load(self) -> Iterator[Record]:
        """Everything that is alive, in an order in which the state can take it."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes, in one transaction: `write` and `flush`."""
        ...

    def write(self, changes: Sequence[Change]) -> None:
        """Carry out changes in a transaction that stays open. It waits for no disk; if it fails nothing changes."""
        ...

    def flush(self) -> None:
        """End the transaction that `write` began."""
        ...

    def event(self, event_id: str) -> Event | None:
        """An event, or None."""
        ...

    def events(self, wanted: EventFilter) -> list[Event]:
        """A page of events, newest first."""
        ...

    def run(self, run_id: str) -> Run | None:
        """A run, or None."""
        ...

    def runs(self, wanted: RunFilter) -> list[Run]:
        """A page of runs, newest first."""
        ...

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they were found."""
        ...

    def forget_runs(self, before: int, after: Place = EARLIEST) -> Place | None:
        """Forget some of the runs that ended before a time, in Unix milliseconds, with their steps: the oldest first.

        It takes a few milliseconds. Returns the place `after` which to go on, or None when there are no more.
        """
        ...

    def forget_events(self, before: int, after: Place = EARLIEST) -> Place | None:
        """The same for events that came before a time and belong to no run and no buffer."""
        ...

    def size(self) -> int:
        """How much room is taken, in bytes; what was forgotten is free to be used again and does not count."""
        ...

    def shrink(self) -> bool:
        """Give back some of the room of what was forgotten, if there is much. It takes a few milliseconds.

        Returns whether there is more.
        """
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Archive(Store, Protocol):
    """A store whose history can be looked through."""

    def search(self, wanted: RunFilter, text: str, depth: int) -> tuple[list[Run], Place | None]:
        """The runs among `depth` whose first event has a text in its data, or whose id ends with it: brief ones.

        `field=value` finds events that have it anywhere, `user.id=7` and `data.user.id=7` those that have it there,
        also with `:` and with spaces. Filters but the time and the place apply to what was looked at. Returns where to
        look on, or None if there are no more.
        """
        ...

    def attempts(self, run_id: str) -> list[Attempt]:
        """The attempts of a run that failed, in order."""
        ...

    def log_lines(self, run_id: str, limit: int) -> list[LogLine]:
        """The last lines that were logged in a run, in the order in which they came."""
        ...

    def log_size(self, run_id: str) -> int:
        """How many lines were logged in a run."""
        ...

    def saying(self, name: str, span: tuple[int, int], text: str, depth: int) -> list[str]:
        """The ids of the events of a name, among the first `depth` of a span of time, with a text in their data.

        The span is in Unix milliseconds, and both of its ends are in it.
        """
        ...

    def runs_of_events(self, event_ids: Sequence[str], limit: int) -> list[tuple[str, Run]]:
        """The oldest runs of several events, each with the event: brief ones."""
        ...
