"""What an engine has decided, kept to be looked at. Nothing is loaded again: an engine does not survive its test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.model import Event, Record, Run, Step
from inngest_py.dev.store.port import EARLIEST, EventFilter, Place, RunFilter


class Ledger:
    """A store of the runs, their steps and the events; of the rest the scheduler's own state is enough."""

    durable = False

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._runs: dict[str, Run] = {}
        self._steps: dict[str, dict[str, Step]] = {}

    def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes."""
        for change in changes:
            if isinstance(change, Put):
                self._put(change.record)

    write = commit

    def _put(self, record: Record) -> None:
        match record:
            case Event():
                self._events[record.id] = record
            case Run():
                self._runs[record.id] = record
            case Step():
                self._steps.setdefault(record.run_id, {})[record.id] = record
            case _:
                pass

    def flush(self) -> None:
        """Nothing is left to do."""

    def load(self) -> Iterator[Record]:
        """Nothing: an engine begins empty."""
        return iter(())

    def event(self, event_id: str) -> Event | None:
        """An event, or None."""
        return self._events.get(event_id)

    def events(self, wanted: EventFilter) -> list[Event]:
        """The events, newest first."""
        return list(self._events.values())[::-1][: wanted.limit]

    def run(self, run_id: str) -> Run | None:
        """A run, or None."""
        return self._runs.get(run_id)

    def runs(self, wanted: RunFilter) -> list[Run]:
        """The runs, newest first: of one function or of all."""
        found = (run for run in self._runs.values() if wanted.function in {"", run.function})
        return list(found)[::-1][: wanted.limit]

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they were found."""
        return list(self._steps.get(run_id, {}).values())

    def forget_runs(self, before: int, after: Place = EARLIEST) -> Place | None:
        """Nothing is forgotten before the test is over."""
        return None

    def forget_events(self, before: int, after: Place = EARLIEST) -> Place | None:
        """Nothing is forgotten before the test is over."""
        return None

    def size(self) -> int:
        """No room on a disk."""
        return 0

    def shrink(self) -> bool:
        """There is no room to be given back."""
        return False

    def close(self) -> None:
        """There is no file."""
