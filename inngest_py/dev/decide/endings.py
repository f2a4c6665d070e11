"""How a run ends: its result, its events, and what waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from inngest_py.dev.decide.defers import schedule
from inngest_py.dev.decide.turn import Ended, Turn
from inngest_py.dev.internal import INVOKED, ending_events
from inngest_py.dev.live import Live
from inngest_py.dev.model import Run, RunStatus, Step, StepStatus
from inngest_py.dev.notices import RunCancelled, RunCompleted, RunFailed
from inngest_py.dev.problems import problem_of
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.dev.texts import event_value, text_of


def complete(turn: Turn, live: Live, output: str) -> None:
    """The function has returned."""
    run = _end(turn, live, RunStatus.COMPLETED, output=output)
    turn.tell(RunCompleted(**turn.about(live), duration=_duration(run), steps=len(live.memos), output=output))


def fail(turn: Turn, live: Live, error: Mapping[str, Any], output: str | None = None) -> None:
    """The run has failed for good. `output` is what the app said, if it was the app."""
    run = _end(turn, live, RunStatus.FAILED, output=output, error=text_of(dict(error)))
    problem = problem_of(error)
    turn.tell(RunFailed(**turn.about(live), duration=_duration(run), steps=len(live.memos), error=problem))


def cancel(turn: Turn, live: Live, reason: str) -> None:
    """The run is cancelled. A call in flight goes on, but its reply will be ignored (PROTOCOL 14.10)."""
    run = _end(turn, live, RunStatus.CANCELLED)
    turn.tell(RunCancelled(**turn.about(live), duration=_duration(run), reason=reason))


def _end(turn: Turn, live: Live, status: RunStatus, *, output: str | None = None, error: str | None = None) -> Run:
    for job in tuple(live.jobs.values()):
        turn.drop(job)
    for pause in tuple(live.pauses.values()):
        turn.drop(pause)
    for step in tuple(live.steps.values()):
        _close(turn, step)
    run = replace(live.run, status=status, output=output, error=error, ended_at=turn.now, start_by=None, finish_by=None)
    schedule(turn, live)
    turn.put(run)
    for event in ending_events(live, run, turn.now, turn.ids):
        turn.later(event)
    for correlation in correlations(live):
        turn.later(Ended(correlation, run))
    return run


def _close(turn: Turn, step: Step) -> None:
    """A step that is still open when its run ends stays what it was, but is not left looking alive."""
    if step.memo is None and step.ended_at is None:
        status = StepStatus.FAILED if step.status is StepStatus.RETRYING else step.status
        turn.put(replace(step, status=status, ended_at=turn.now))


def correlations(live: Live) -> list[str]:
    """The invocations that this run is the answer to: one, or in a batch several. For a repeated run nobody waits."""
    if live.run.original:
        return []
    if not live.run.batch_id:
        return [live.run.correlation] if live.run.correlation else []
    found = [correlation_of(event_value(event), live.run.function) for event in live.events if event.name == INVOKED]
    return [correlation for correlation in found if correlation]


def correlation_of(event: Mapping[str, Any], slug: str) -> str:
    """The invocation that an event stands for, if it is for this function; else an empty string.

    Any function may be started by such events, to log them say. Only the one that was meant answers.
    """
    about = as_object(event["data"].get("_inngest")) or {}
    return as_text(about.get("correlation_id")) if about.get("fn_id") == slug else ""


def _duration(run: Run) -> int:
    return (run.ended_at or run.created_at) - (run.started_at or run.created_at)
