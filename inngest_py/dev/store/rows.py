"""Records to rows and back. The readers take their row apart: it is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
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

Row: TypeAlias = dict[str, Any]
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
        it.id, it.function, it.app_id, it.status.value, it.events[0], json.dumps(it.events), it.event_name,
        it.created_at, it.started_at, it.ended_at, it.output, it.error, it.max_attempts, it.version, it.force_plan,
        it.correlation, slots, it.priority, it.start_by, it.finish_by, it.batch_id, it.cron, it.singleton,
    )  # fmt: skip


def _step(it: Step) -> Values:
    return (
        it.run_id, it.id, it.name, it.op, it.status.value, it.queued_at, it.started_at, it.ended_at, it.attempts,
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
    return App(**row)


def read_event(row: Row) -> Event:
    """Read an event."""
    row["seeded"] = bool(row["seeded"])
    return Event(**row)


def read_run(row: Row) -> Run:
    """Read a run."""
    del row["event_id"]
    row["status"] = RunStatus(row["status"])
    row["events"] = tuple(json.loads(row["events"]))
    row["slots"] = tuple(Slot(name, limit) for name, limit in json.loads(row["slots"]))
    row["force_plan"] = bool(row["force_plan"])
    return Run(**row)


def read_step(row: Row) -> Step:
    """Read a step."""
    row["status"] = StepStatus(row["status"])
    return Step(**row)


def read_job(row: Row) -> Job:
    """Read a job."""
    row["group"] = row.pop("siblings")
    row["kind"], row["status"] = JobKind(row["kind"]), JobStatus(row["status"])
    return Job(**row)


def read_pause(row: Row) -> Pause:
    """Read a pause."""
    row["group"] = row.pop("siblings")
    row["kind"] = PauseKind(row["kind"])
    return Pause(**row)


def read_buffer(row: Row) -> Buffer:
    """Read a buffer."""
    row["events"] = tuple(json.loads(row["events"]))
    return Buffer(**row)


def read_claim(row: Row) -> Claim:
    """Read an idempotency key."""
    return Claim(**row)


def read_meter(row: Row) -> Meter:
    """Read a meter."""
    return Meter(**row)
