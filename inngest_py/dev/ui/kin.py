"""Which runs and events belong together: what started a run, and what a step or the end of a run started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from inngest_py.dev.api.paging import is_ulid
from inngest_py.dev.decide.steps import unwrapped
from inngest_py.dev.internal import DEFERRED, INVOKED
from inngest_py.dev.model import Event, Run, Step
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.dev.ui.parlour import Parlour
from inngest_py.dev.ui.queries import rows_of
from inngest_py.dev.ui.views.rows import RunRow
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode, decode_object
from inngest_py.wire.ops import Opcode

_MOST: Final = 50
_DEPTH: Final = 2_000
"""How many events of one span of time are looked at."""

_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What started a run, and where that is to be seen; `step` is the name of the step that did, if one did."""

    says: str
    link: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The events that were sent, and the runs that they caused."""

    events: tuple[Event, ...] = ()
    runs: tuple[RunRow, ...] = ()


async def origin_of(parlour: Parlour, run: Run, events: Sequence[Event]) -> Origin:
    """What started a run: a step of another one, the end of another one, a schedule, or an event."""
    says = run.cron or run.event_name
    if not events:
        return Origin(says=says)
    about = _about(events[0])
    invoker, _, step = run.correlation.partition(".")
    parent = await _name_of(parlour, invoker or as_text(about.get("parent_run_id")))
    if parent is None or not (invoker or events[0].name == DEFERRED):
        return Origin(says=says, link=f"/events/{events[0].id}")
    if not invoker:
        return Origin(says=parent.name, link=f"/runs/{parent.id}")
    link = f"/runs/{parent.id}?step={quote(step, safe='')}"
    return Origin(says=parent.name, link=link, step=as_text(about.get("name")))


async def started_by_step(parlour: Parlour, run: Run, step: Step) -> Started:
    """What a step started: the function that it invoked, or the events that it sent with what they caused."""
    if step.op == Opcode.INVOKE_FUNCTION:
        span = (step.queued_at, step.ended_at or parlour.desk.engine.clock())
        found = await _saying(parlour, INVOKED, span, f'"correlation_id":"{run.id}.{step.id}"')
        return Started(runs=await _caused(parlour, found))
    engine, sent = parlour.desk.engine, _sent(step)
    events = [await engine.read(engine.store.event, event_id) for event_id in sent]
    known = tuple(event for event in events if event is not None)
    return Started(events=known, runs=await _caused(parlour, [event.id for event in known]))


async def started_by_end(parlour: Parlour, run: Run) -> Started:
    """What a run had put off to its end."""
    if run.ended_at is None:
        return Started()
    found = await _saying(parlour, DEFERRED, (run.ended_at, run.ended_at), f'"parent_run_id":"{run.id}"')
    return Started(runs=await _caused(parlour, found))


def _about(event: Event) -> dict[str, Any]:
    """What the server says in an event that it has sent itself; in others nothing is believed."""
    internal = event.name in {INVOKED, DEFERRED}
    return as_object(decode_object(event.data.encode()).get("_inngest")) or {} if internal else {}


async def _name_of(parlour: Parlour, run_id: str) -> RunRow | None:
    engine = parlour.desk.engine
    run = await engine.read(engine.store.run, run_id) if run_id else None
    return None if run is None else rows_of(parlour.desk, [run])[0]


async def _saying(parlour: Parlour, name: str, span: tuple[int, int], text: str) -> list[str]:
    return await parlour.desk.engine.read(parlour.archive.saying, name, span, text, _DEPTH)


async def _caused(parlour: Parlour, event_ids: Sequence[str]) -> tuple[RunRow, ...]:
    found = await parlour.desk.engine.read(parlour.archive.runs_of_events, event_ids, _MOST) if event_ids else []
    return rows_of(parlour.desk, [run for _, run in found])


def _sent(step: Step) -> list[str]:
    """The ids that a step gave for the events that it had sent, if that is what it gave."""
    output = None if step.memo is None or step.error is not None else unwrapped(step.memo, step.op)
    if output is None or len(output) > _LONGEST:
        return []
    try:
        value = decode(output.encode())
    except InvalidJSONError:
        return []
    fields = as_object(value)
    listed = as_list(value if fields is None else fields.get("ids")) or []
    return [each for each in listed[:_MOST] if isinstance(each, str) and is_ulid(each)]
