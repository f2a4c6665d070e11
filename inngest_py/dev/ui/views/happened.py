"""What happened in a run, line by line, as far as its records tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inngest_py.dev.model import Run, Step, StepStatus
from inngest_py.dev.problems import problem_of
from inngest_py.dev.ui.views.statuses import badge
from inngest_py.dev.ui.views.waterfall import KINDS


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `at` is in Unix milliseconds."""

    at: int
    tone: str
    word: str
    text: str
    step: str = ""


def happened(run: Run, steps: Sequence[Step]) -> tuple[Line, ...]:
    """All that happened, in order."""
    lines = [*_of_run(run), *(line for step in steps for line in _of_step(step))]
    return tuple(sorted(lines, key=lambda line: line.at))


def _of_run(run: Run) -> Iterator[Line]:
    yield Line(run.created_at, "idle", "queued", f"by {run.cron or run.event_name}")
    if run.started_at is not None:
        yield Line(run.started_at, "busy", "started", "the app is called")
    if run.ended_at is not None:
        said = "" if run.error is None else _said(run.error)
        yield Line(run.ended_at, badge(run.status).tone, run.status.value.lower(), said)


def _of_step(step: Step) -> Iterator[Line]:
    kind = KINDS.get(step.op, "")
    if kind or step.started_at is None:
        yield Line(step.queued_at, "wait" if kind else "idle", kind or "planned", step.name, step.id)
    else:
        yield Line(step.started_at, "busy", "ran", step.name, step.id)
    if step.status is StepStatus.RETRYING and step.error is not None:
        at = step.ended_at or step.started_at or step.queued_at
        yield Line(at, "warn", "failed", f"{step.name}, attempt {step.attempts}: {_said(step.error)}", step.id)
    elif step.ended_at is not None:
        said = "" if step.error is None else f": {_said(step.error)}"
        yield Line(step.ended_at, badge(step.status).tone, badge(step.status).word.lower(), step.name + said, step.id)


def _said(error: str) -> str:
    problem = problem_of(error)
    return f"{problem.name}: {problem.message}" if problem.message else problem.name
