"""A store of dictionaries: what was committed is there after a crash, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.model import (
    FINAL,
    App,
    Attempt,
    Buffer,
    Cancellation,
    Claim,
    Defer,
    Event,
    Function,
    Job,
    Meter,
    Pause,
    Record,
    Run,
    Step,
)

ORDER: tuple[type, ...] = (
    Function, App, Event, Run, Step, Defer, Job, Pause, Claim, Meter, Buffer, Cancellation
)  # fmt: skip
"""In which order the state can take records; steps are those that finished first."""


class MemoryStore:
    """Records by type and key. A run that has ended is kept, with its steps, but not loaded."""

    durable = False

    def __init__(self, functions: Sequence[Function] = ()) -> None:
        self.kept: dict[type, dict[Any, Any]] = {kind: {} for kind in (*ORDER, Attempt)}
        for function in functions:
            self.kept[Function][function.slug] = function

    def commit(self, changes: Sequence[Change]) -> None:
        """Carry out changes."""
        for change in changes:
            record = change.record
            kept = self.kept[type(record)]
            if isinstance(change, Put):
                kept[_key(record)] = record
            else:
                kept.pop(_key(record), None)

    def crash(self, torn: Sequence[Change] = ()) -> None:
        """Nothing is lost but what was not committed."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def load(self) -> Iterator[Record]:
        """Everything that is alive."""
        live = {run.id: run for run in self.kept[Run].values() if run.status not in FINAL}
        holders: list[Run | Buffer] = [*live.values(), *self.kept[Buffer].values()]
        needed = {event_id for holder in holders for event_id in holder.events}
        for kind in ORDER:
            records = self.kept[kind].values()
            if kind is Event:
                yield from (event for event in records if event.id in needed)
            elif kind is Run:
                yield from live.values()
            elif kind is Step:
                yield from sorted((step for step in records if step.run_id in live), key=_position)
            elif kind is Defer:
                yield from (defer for defer in records if defer.run_id in live)
            else:
                yield from records


def _position(step: Step) -> tuple[bool, int]:
    return step.position is None, step.position or 0


def _key(record: Record) -> Any:
    match record:
        case Function():
            return record.slug
        case Claim() | Meter() | Buffer():
            return record.function, record.key
        case Step() | Defer():
            return record.run_id, record.id
        case Attempt():
            return record.run_id, record.step_id, record.ended_at
        case _:
            return record.id
