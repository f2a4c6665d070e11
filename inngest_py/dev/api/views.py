"""Records as the API shows them (PROTOCOL 11)."""

from __future__ import annotations

import json
from typing import Any, Final

from inngest_py.dev.api.desk import Desk
from inngest_py.dev.decide.steps import unwrapped
from inngest_py.dev.duration import iso
from inngest_py.dev.model import (
    ACCOUNT_ID,
    ENVIRONMENT_ID,
    Cancellation,
    Event,
    Job,
    Run,
    RunStatus,
    Step,
    function_uuid,
)

_WITH_OUTPUT: Final = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}


def event_view(it: Event) -> dict[str, Any]:
    """An event."""
    return {
        "internal_id": it.id,
        "account_id": ACCOUNT_ID,
        "environment_id": ENVIRONMENT_ID,
        "source": "",
        "source_id": None,
        "received_at": iso(it.received_at),
        "id": it.key or it.id,
        "name": it.name,
        "data": json.loads(it.data),
        "ts": it.ts,
    }


def run_view(desk: Desk, it: Run) -> dict[str, Any]:
    """A run."""
    function = desk.engine.state.functions.get(it.function)
    shown: dict[str, Any] = {
        "run_id": it.id,
        "run_started_at": iso(it.created_at),
        "function_id": function_uuid(it.app_id, it.function),
        "function_version": 0 if function is None else function.version,
        "environment_id": ENVIRONMENT_ID,
        "event_id": it.events[0],
        "status": it.status.value,
        "ended_at": moment(it.ended_at),
        "function": it.function,
        "function_name": it.function if function is None else function.name,
        "app": it.app_id,
        "event_name": it.event_name,
        "queued_at": iso(it.created_at),
        "started_at": moment(it.started_at),
        "duration_ms": _between(it.started_at, it.ended_at),
    }
    shown |= {
        key: value
        for key, value in (("batch_id", it.batch_id), ("cron", it.cron), ("original_run_id", it.original))
        if value
    }
    if it.status in _WITH_OUTPUT:
        shown["output"] = run_output(it)
    return shown


def run_output(it: Run) -> Any:
    """The result; of a failed run what the app said, or what this server says in its place (PROTOCOL 7.1)."""
    if it.status is RunStatus.CANCELLED:
        return {}
    if it.output is not None:
        return json.loads(it.output)
    return {"error": json.loads(it.error or "null")}


def step_view(it: Step) -> dict[str, Any]:
    """A step."""
    output = None if it.memo is None or it.error is not None else json.loads(unwrapped(it.memo, it.op))
    return {
        "id": it.id,
        "name": it.name,
        "op": it.op,
        "status": it.status.value,
        "attempts": it.attempts,
        "position": it.position,
        "queued_at": iso(it.queued_at),
        "started_at": moment(it.started_at),
        "ended_at": moment(it.ended_at),
        "duration_ms": _between(it.started_at or it.queued_at, it.ended_at),
        "input": None if it.input is None else json.loads(it.input),
        "edited": it.edited,
        "output": output,
        "error": None if it.error is None else json.loads(it.error),
    }


def job_view(it: Job) -> dict[str, Any]:
    """A job in the queue."""
    kind = "start" if it.generation == 0 else "edge"
    return {
        "JobID": it.id,
        "at": iso(it.at),
        "position": 0,
        "kind": kind,
        "attempt": it.attempt,
        "status": it.status.value,
    }


def cancellation_view(it: Cancellation) -> dict[str, Any]:
    """A cancellation in bulk."""
    return {
        "id": it.id,
        "environment_id": ENVIRONMENT_ID,
        "app_id": it.app_id,
        "function_id": it.function,
        "function_internal_id": function_uuid(it.app_id, it.function),
        "started_after": moment(it.started_after),
        "started_before": iso(it.started_before),
        "if": it.expression or None,
        "created_at": iso(it.created_at),
    }


def moment(ms: int | None) -> str | None:
    """A time, or None."""
    return None if ms is None else iso(ms)


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start
