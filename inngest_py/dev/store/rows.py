"""Records to rows and back. The readers take their row apart: it is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.model import (
    App,
    Attempt,
    Buffer,
    Cancellation,
    Claim,
    Defer,
    Event,
    Function,
    Job,
    JobKind,
    JobStatus,
    LogLine,
    Meter,
    Pause,
    PauseKind,
    Run,
    RunStatus,
    Slot,
    Step,
    StepStatus,
)

Row: TypeAlias = dict[str, Any]
Values: TypeAlias = tuple[Any, ...]

BRIEF: Final = (
    "id, function, app_id, status, event_id, events, event_name, created_at, started_at, ended_at, NULL AS output, "
    "NULL AS error, max_attempts, version, force_plan, correlation, slots, priority, start_by, finish_by, batch_id, "
    "cron, singleton, original"
)
"""What stands for the `*` of runs in lists that show no results, which may be large."""


def _app(it: App) -> Values:
    return (it.id, it.url, it.sdk, it.framework, it.checksum, it.synced_at, it.archived_at, it.event_types)


def _function(it: Function) -> Values:
    return (it.slug, it.app_id, it.config, it.version, it.created_at, it.archived_at)


def _event(it: Event) -> Values:
    return (it.id, it.name, it.ts, it.received_at, it.data, it.user, it.key, it.v, it.seeded)


def _run(it: Run) -> Values:
    return (
        it.id, it.function, it.app_id, it.status.value, it.events[0], _list(it.events), it.event_name,
        it.created_at, it.started_at, it.ended_at, it.output, it.error, it.max_attempts, it.version, it.force_plan,
        it.correlation, _slots(it.slots), it.priority, it.start_by, it.finish_by, it.batch_id, it.cron, it.singleton,
        it.original,
    )  # fmt: skip


def _list(ids: tuple[str, ...]) -> str:
    """A list of ULIDs, as JSON text."""
    return '["' + '","'.join(ids) + '"]'


@lru_cache(maxsize=1024)
def _slots(slots: tuple[Slot, ...]) -> str:
    """Slots as JSON text. Runs of one function have the same, mostly."""
    return json.dumps([[slot.name, slot.limit, slot.whole, slot.gate] for slot in slots])


def _step(it: Step) -> Values:
    return (
        it.run_id, it.id, it.name, it.op, it.status.value, it.queued_at, it.started_at, it.ended_at, it.attempts,
        it.position, it.memo, it.error, it.input, it.edited,
    )  # fmt: skip


def _attempt(it: Attempt) -> Values:
    return (it.run_id, it.step_id, it.number, it.started_at, it.ended_at, it.retry_at, it.error)


def _log_line(it: LogLine) -> Values:
    return (it.run_id, it.id, it.at, it.level, it.logger, it.text, it.step, it.attempt)


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
    return (it.function, it.key, it.kind, _list(it.events), it.since, it.due, it.size)


def _defer(it: Defer) -> Values:
    return (it.run_id, it.id, it.function, it.input, it.aborted)


def _cancellation(it: Cancellation) -> Values:
    return (it.id, it.function, it.app_id, it.started_after, it.started_before, it.expression, it.created_at)


def _by_id(it: App | Event | Run | Job | Pause | Cancellation) -> Values:
    return (it.id,)


def _by_slug(it: Function) -> Values:
    return (it.slug,)


def _by_run(it: Step | Defer | LogLine) -> Values:
    return (it.run_id, it.id)


def _by_end(it: Attempt) -> Values:
    return (it.run_id, it.step_id, it.ended_at)


def _by_function(it: Claim | Meter | Buffer) -> Values:
    return (it.function, it.key)


_Values: TypeAlias = Callable[[Any], Values]

TABLES: Final[dict[type, tuple[str, _Values, _Values]]] = {
    App: ("app", _by_id, _app),
    Function: ("function", _by_slug, _function),
    Event: ("event", _by_id, _event),
    Run: ("run", _by_id, _run),
    Step: ("step", _by_run, _step),
    Attempt: ("attempt", _by_end, _attempt),
    LogLine: ("log_line", _by_run, _log_line),
    Job: ("job", _by_id, _job),
    Pause: ("pause", _by_id, _pause),
    Claim: ("claim", _by_function, _claim),
    Meter: ("meter", _by_function, _meter),
    Buffer: ("buffer", _by_function, _buffer),
    Cancellation: ("cancellation", _by_id, _cancellation),
    Defer: ("defer", _by_run, _defer),
}
"""For each kind of record: the word in the names of its queries, its key, and its row."""


def grouped(changes: Iterable[Change]) -> dict[str, list[Values]]:
    """The rows to put and the keys to drop, by query. Of several changes to one record only the last is written."""
    last: dict[tuple[type, Values], Change] = {}
    batched = list[Values]()
    for change in changes:
        record = change.record
        kind = type(record)
        last[kind, TABLES[kind][1](record)] = change
        if isinstance(record, Run):
            batched += [(event_id, record.id) for event_id in record.events[1:]]
    groups: dict[str, list[Values]] = {"put_batched": batched} if batched else {}
    for (kind, key), change in last.items():
        word, _, row_of = TABLES[kind]
        if isinstance(change, Put):
            groups.setdefault(f"put_{word}", []).append(row_of(change.record))
        else:
            groups.setdefault(f"drop_{word}", []).append(key)
    return groups


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
    row["slots"] = tuple(Slot(*fields) for fields in json.loads(row["slots"]))
    row["force_plan"] = bool(row["force_plan"])
    return Run(**row)


def read_step(row: Row) -> Step:
    """Read a step."""
    row["status"], row["edited"] = StepStatus(row["status"]), bool(row["edited"])
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


def read_meter(row: Row) -> Meter:
    """Read a meter."""
    return Meter(**row)


def read_cancellation(row: Row) -> Cancellation:
    """Read a cancellation in bulk."""
    return Cancellation(**row)


def read_defer(row: Row) -> Defer:
    """Read what a run has put off."""
    row["aborted"] = bool(row["aborted"])
    return Defer(**row)
