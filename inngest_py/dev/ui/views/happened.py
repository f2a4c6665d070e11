"""What happened in a run, line by line, as far as its records tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inngest_py.dev.lines import human_duration
from inngest_py.dev.model import Attempt, Run, Step
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


def happened(run: Run, steps: Sequence[Step], attempts: Sequence[Attempt] = ()) -> tuple[Line, ...]:
    """All that happened, in order."""
    names = {step.id: step.name for step in steps}
    failed = [_of_attempt(attempt, names.get(attempt.step_id, "the function")) for attempt in attempts]
    lines = [*_of_run(run), *(line for step in steps for line in _of_step(step)), *failed]
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
    if step.ended_at is not None:
        said = "" if step.error is None else f": {_said(step.error)}"
        yield Line(step.ended_at, badge(step.status).tone, badge(step.status).word.lower(), step.name + said, step.id)


def _of_attempt(attempt: Attempt, name: str) -> Line:
    text = f"{name}, attempt {attempt.number + 1}: {_said(attempt.error)}"
    again = human_duration(attempt.retry_at - attempt.ended_at)
    return Line(attempt.ended_at, "warn", "failed", f"{text}; again in {again}", attempt.step_id)


def _said(error: str) -> str:
    problem = problem_of(error)
    return f"{problem.name}: {problem.message}" if problem.message else problem.name
