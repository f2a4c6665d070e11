"""What the pages ask of the engine and its store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from inngest_py.dev.api import paging
from inngest_py.dev.api.desk import Desk
from inngest_py.dev.api.history import event_place, status_named
from inngest_py.dev.duration import parse_duration
from inngest_py.dev.model import Event, Run
from inngest_py.dev.store.port import EventFilter, Place, RunFilter
from inngest_py.dev.ui.parlour import Parlour
from inngest_py.dev.ui.views.rows import EventRow, RunRow, event_row, run_row
from inngest_py.errors import RequestError

PAGE: Final = 50
DEPTH: Final = 10_000
"""How many runs a search looks at."""

LONGEST: Final = 500
"""How many characters may be searched for."""

_PORTION: Final = 500
_PATIENCE: Final = 200
"""How long a search goes on, in milliseconds."""

_MOST_CAUSED: Final = 200
_RECENT: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of runs, and where the next one begins. A search has looked at so many runs, and not at `older` ones."""

    rows: tuple[RunRow, ...]
    cursor: str | None
    looked_at: int = 0
    older: bool = False


def run_filter(query: Mapping[str, str], now: int) -> RunFilter:
    """Which runs a page wants. Raises RequestError."""
    return RunFilter(
        status=status_named(query.get("status", "")),
        function=query.get("function", ""),
        app=query.get("app", ""),
        since=_since(query.get("since", ""), now),
        before=paging.place(query),
        limit=PAGE + 1,
        brief=True,
    )


def _since(text: str, now: int) -> int:
    try:
        return now - parse_duration(text) if text else -1
    except ValueError as fault:
        raise RequestError(f"since: {fault}") from None


async def listed_runs(parlour: Parlour, query: Mapping[str, str]) -> Listed:
    """A page of runs, searched or not. Raises RequestError."""
    desk = parlour.desk
    now, text = desk.engine.clock(), query.get("q", "").strip()
    if len(text) > LONGEST:
        raise RequestError(f"q: a search has at most {LONGEST} characters, and this one {len(text):,}")
    wanted = run_filter(query, now)
    if text:
        return await _searched(parlour, wanted, text)
    found = await desk.engine.read(desk.engine.store.runs, wanted)
    runs, cursor = paging.page(found, PAGE)
    return Listed(rows=rows_of(desk, runs), cursor=cursor)


async def _searched(parlour: Parlour, wanted: RunFilter, text: str) -> Listed:
    """The runs that a text is found in, looked at in portions: in between other work goes on."""
    engine, found, looked_at = parlour.desk.engine, list[Run](), 0
    end = engine.clock() + _PATIENCE
    place: Place | None = wanted.before
    while place is not None and len(found) < PAGE and looked_at < DEPTH and engine.clock() <= end:
        more, place = await engine.read(parlour.archive.search, replace(wanted, before=place), text, _PORTION)
        found += more
        looked_at += _PORTION
    cursor = None if place is None else place[1]
    return Listed(rows=rows_of(parlour.desk, found), cursor=cursor, looked_at=looked_at, older=place is not None)


def rows_of(desk: Desk, runs: Sequence[Run]) -> tuple[RunRow, ...]:
    """Runs as lines of a list."""
    functions, now = desk.engine.state.functions, desk.engine.clock()
    return tuple(run_row(run, functions, now) for run in runs)


async def listed_events(parlour: Parlour, query: Mapping[str, str]) -> tuple[tuple[EventRow, ...], str | None]:
    """A page of events, each with the runs that it caused, and where the next page begins. Raises RequestError."""
    desk, engine = parlour.desk, parlour.desk.engine
    wanted = EventFilter(
        name=query.get("name", ""),
        internal=query.get("internal") == "true" or bool(query.get("name")),
        since=_since(query.get("since", ""), engine.clock()),
        before=await event_place(desk, query),
        limit=PAGE + 1,
    )
    events, cursor = paging.page(await engine.read(engine.store.events, wanted), PAGE)
    caused = await engine.read(parlour.archive.runs_of_events, [event.id for event in events], _MOST_CAUSED)
    return tuple(event_row(event, rows_of(desk, _of(event, caused))) for event in events), cursor


async def caused_by(parlour: Parlour, event: Event) -> tuple[RunRow, ...]:
    """The runs that an event caused."""
    found = await parlour.desk.engine.read(parlour.archive.runs_of_events, [event.id], _MOST_CAUSED)
    return rows_of(parlour.desk, _of(event, found))


def _of(event: Event, caused: Sequence[tuple[str, Run]]) -> list[Run]:
    return [run for event_id, run in caused if event_id == event.id]


async def recent_runs(desk: Desk, function: str) -> list[Run]:
    """The latest runs of a function, newest first."""
    engine = desk.engine
    return await engine.read(engine.store.runs, RunFilter(function=function, limit=_RECENT, brief=True))


async def has_runs(desk: Desk) -> bool:
    """Whether there has ever been a run, as far as is known."""
    engine = desk.engine
    return bool(await engine.read(engine.store.runs, RunFilter(limit=1, brief=True)))
