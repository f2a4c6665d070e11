"""Putting jobs into the queue."""

from __future__ import annotations

from dataclasses import replace

from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.live import Live
from inngest_py.dev.model import DISCOVERY, Job, JobKind, JobStatus

_COALESCING: int = 2


def discover(turn: Turn, live: Live, at: int | None = None) -> None:
    """Have the function run again, to say what is next."""
    enqueue(turn, live, target=DISCOVERY, at=at)
    if live.run.force_plan and live.run.version >= _COALESCING:
        turn.put(replace(live.run, force_plan=False))


def enqueue(
    turn: Turn,
    live: Live,
    *,
    target: str,
    at: int | None = None,
    group: str = "",
    kind: JobKind = JobKind.CALL,
    step_id: str = "",
    request: str = "",
    attempt: int = 0,
) -> None:
    """Put a new job into the queue, for now or for later."""
    due = turn.now if at is None else at
    turn.put(
        Job(
            id=turn.ids.job(),
            run_id=live.run.id,
            kind=kind,
            target=target,
            at=due,
            status=_status(turn, due),
            max_attempts=live.run.max_attempts,
            attempt=attempt,
            group=group,
            step_id=step_id,
            request=request,
        )
    )


def put_back(turn: Turn, job: Job, at: int, attempt: int) -> None:
    """Put a job back into the queue for another attempt."""
    turn.put(replace(job, status=_status(turn, at), at=at, attempt=attempt, started_at=None))


def _status(turn: Turn, at: int) -> JobStatus:
    return JobStatus.READY if at <= turn.now else JobStatus.DELAYED
