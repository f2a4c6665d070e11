"""A line of a list: a run, or an event with the runs that it caused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.model import Event, Function, Run
from inngest_py.dev.ui.views.statuses import Badge, badge


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list. `took` is in milliseconds, None if it has not started."""

    id: str
    status: Badge
    name: str
    function: str
    app: str
    event: str
    at: int
    took: int | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event in a list."""

    id: str
    name: str
    at: int
    internal: bool
    glimpse: str
    runs: tuple[RunRow, ...]


_GLIMPSE = 120


def run_row(run: Run, functions: Mapping[str, Function], now: int) -> RunRow:
    """A run in a list."""
    function = functions.get(run.function)
    return RunRow(
        id=run.id,
        status=badge(run.status),
        name=run.function if function is None else function.name,
        function=run.function,
        app=run.app_id,
        event=run.cron or run.event_name,
        at=run.created_at,
        took=None if run.started_at is None else (run.ended_at or now) - run.started_at,
        active=run.ended_at is None,
    )


def event_row(event: Event, runs: Iterable[RunRow]) -> EventRow:
    """An event in a list, and the runs that it caused."""
    return EventRow(
        id=event.id,
        name=event.name,
        at=event.received_at,
        internal=event.name.startswith(PREFIX),
        glimpse=event.data[:_GLIMPSE],
        runs=tuple(runs),
    )
