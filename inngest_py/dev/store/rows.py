"""Records to rows and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from inngest_py.dev.model import (
    App,
    Buffer,
    Claim,
    Event,
    Function,
    Job,
    JobKind,
    JobStatus,
    Meter,
    Pause,
    PauseKind,
    Record,
    Run,
    RunStatus,
    Slot,
    Step,
    StepStatus,
)

Row: TypeAlias = Mapping[str, Any]
Values: TypeAlias = tuple[Any, ...]


def _app(it: App) -> Values:
    return (it.id, it.url, it.sdk, it.framework, it.checksum, it.synced_at, it.archived_at)


def _function(it: Function) -> Values:
    return (it.slug, it.app_id, it.config, it.version, it.created_at, it.archived_at)


def _event(it: Event) -> Values:
    return (it.id, it.name, it.ts, it.received_at, it.data, it.user, it.key, it.v, it.seeded)


def _run(it: Run) -> Values:
    slots = json.dumps([[slot.name, slot.limit] for slot in it.slots])
    return (
        it.id, it.function, it.app_id, it.status.value, it.events[0], json.dumps(it.events), it.event_name, it.created_at,
        it.started_at, it.ended_at, it.output, it.error, it.max_attempts, it.version, it.force_plan, it.correlation, slots,
        it.priority, it.start_by, it.finish_by, it.batch_id, it.cron, it.singleton,
    )  # fmt: skip


def _step(it: Step) -> Values:
    return (
        it.run_id, it.id, it.name, str(it.op), it.status.value, it.queued_at, it.started_at, it.ended_at, it.attempts,
        it.position, it.memo, it.error, it.input,
    )  # fmt: skip


def _job(it: Job) -> Values:
    return (
        it.id, it.run_id, it.kind.value, it.target, it.at, it.status.value, it.max_attempts, it.attempt, it.generation,
        it.group, it.started_at, it.step_id, it.request,
    )  # fmt: skip


def _pause(it: Pause) -> Values:
    return (
        it.id, it.run_id, it.kind.value, it.created_at, it.expires_at, it.step_id, it.name, it.expression, it.group,
    )  # fmt: skip


def _claim(it: Claim) -> Values:
    return (it.function, it.key, it.expires_at)


def _meter(it: Meter) -> Values:
    return (it.function, it.key, it.tat)


def _buffer(it: Buffer) -> Values:
    return (it.function, it.key, it.kind, json.dumps(it.events), it.since, it.due, it.size)


_BY_ID: Final = 1
_BY_FUNCTION: Final = 2

TABLES: Final[dict[type, tuple[str, int, Callable[[Any], Values]]]] = {
    App: ("app", _BY_ID, _app),
    Function: ("function", _BY_ID, _function),
    Event: ("event", _BY_ID, _event),
    Run: ("run", _BY_ID, _run),
    Step: ("step", 2, _step),
    Job: ("job", _BY_ID, _job),
    Pause: ("pause", _BY_ID, _pause),
    Claim: ("claim", _BY_FUNCTION, _claim),
    Meter: ("meter", _BY_FUNCTION, _meter),
    Buffer: ("buffer", _BY_FUNCTION, _buffer),
}
"""For each kind of record: the word in the names of its queries, how many columns make its key, and its row."""


def row_of(record: Record) -> tuple[str, Values, Values]:
    """The word, the key and the row of a record."""
    word, width, values = TABLES[type(record)]
    row = values(record)
    return word, row[:width], row


def read_app(row: Row) -> App:
    """Read an app."""
    return App(**dict(row))


def read_event(row: Row) -> Event:
    """Read an event."""
    return Event(**{**dict(row), "seeded": bool(row["seeded"])})


def read_run(row: Row) -> Run:
    """Read a run."""
    fields = dict(row)
    del fields["event_id"]
    fields["status"] = RunStatus(fields["status"])
    fields["events"] = tuple(json.loads(fields["events"]))
    fields["slots"] = tuple(Slot(name, limit) for name, limit in json.loads(fields["slots"]))
    fields["force_plan"] = bool(fields["force_plan"])
    return Run(**fields)


def read_step(row: Row) -> Step:
    """Read a step."""
    return Step(**{**dict(row), "status": StepStatus(row["status"])})


def read_job(row: Row) -> Job:
    """Read a job."""
    fields = dict(row)
    fields["group"] = fields.pop("siblings")
    fields["kind"], fields["status"] = JobKind(fields["kind"]), JobStatus(fields["status"])
    return Job(**fields)


def read_pause(row: Row) -> Pause:
    """Read a pause."""
    fields = dict(row)
    fields["group"] = fields.pop("siblings")
    fields["kind"] = PauseKind(fields["kind"])
    return Pause(**fields)


def read_buffer(row: Row) -> Buffer:
    """Read a buffer."""
    return Buffer(**{**dict(row), "events": tuple(json.loads(row["events"]))})
