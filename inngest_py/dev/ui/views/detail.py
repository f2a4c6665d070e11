"""One run, or one of its steps, with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from inngest_py.dev.decide.steps import unwrapped
from inngest_py.dev.live import Live
from inngest_py.dev.model import FINAL, Attempt, Job, JobStatus, Pause, PauseKind, Run, Step
from inngest_py.dev.notices import Problem
from inngest_py.dev.problems import problem_of
from inngest_py.dev.ui.views.statuses import Badge, badge, badge_of
from inngest_py.dev.ui.views.values import Shown, plainly, shown
from inngest_py.dev.ui.views.waterfall import KINDS
from inngest_py.errors import InvalidJSONError

_MOST_EDITED: Final = 20_000
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error: what it is, what it says, and the user's own traceback, if there is one."""

    name: str
    message: Shown
    stack: Shown | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that failed. `number` counts from 1; times are Unix milliseconds."""

    number: int
    at: int
    took: int
    retry_at: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What a step waits for, and until when."""

    what: str
    name: str
    expression: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step. Times are Unix milliseconds; `retry_at` is None unless it is to be tried again.

    `editable` is the input to be edited, empty if it is not known or too large for that.
    """

    id: str
    name: str
    kind: str
    status: Badge
    attempts: int
    max_attempts: int
    queued_at: int
    started_at: int | None
    ended_at: int | None
    took: int | None
    retry_at: int | None
    awaited: Awaited | None
    edited: bool
    editable: str
    input: Shown | None
    output: Shown | None
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run, without its steps. `retry_at` is when the function itself is tried again."""

    id: str
    name: str
    function: str
    app: str
    status: Badge
    active: bool
    event: str
    cron: str
    created_at: int
    started_at: int | None
    ended_at: int | None
    took: int | None
    retry_at: int | None
    attempt: int
    original: str
    output: Shown | None
    fault: Fault | None


def run_view(run: Run, name: str, live: Live | None, now: int) -> RunView:
    """A run."""
    link = f"/runs/{run.id}/text"
    retried = _retried(live, "")
    return RunView(
        id=run.id,
        name=name,
        function=run.function,
        app=run.app_id,
        status=badge(run.status),
        active=run.status not in FINAL,
        event=run.event_name,
        cron=run.cron,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        took=None if run.started_at is None else (run.ended_at or now) - run.started_at,
        retry_at=None if retried is None else retried.at,
        original=run.original,
        attempt=0 if retried is None else retried.attempt,
        output=None if run.output is None or run.error is not None else shown(run.output, f"{link}/output"),
        fault=None if run.error is None else fault(run.error, f"{link}/error"),
    )


def step_view(run: Run, step: Step, live: Live | None, now: int) -> StepView:
    """A step of a run."""
    link = f"/runs/{run.id}/text/{{}}?step={quote(step.id, safe='')}"
    retried = _retried(live, step.id)
    began = step.started_at or step.queued_at
    output = None if step.memo is None or step.error is not None else unwrapped(step.memo, step.op)
    return StepView(
        id=step.id,
        name=step.name,
        kind=KINDS.get(step.op, "step"),
        status=badge_of(step, run),
        attempts=step.attempts,
        max_attempts=run.max_attempts,
        queued_at=step.queued_at,
        started_at=step.started_at,
        ended_at=step.ended_at,
        took=(step.ended_at or run.ended_at or now) - began,
        retry_at=None if retried is None else retried.at,
        awaited=_awaited(None if live is None else live.pauses.get(f"{run.id}.{step.id}")),
        edited=step.edited,
        editable=_editable(step.input),
        input=None if step.input is None else shown(step.input, link.format("input")),
        output=None if output is None else shown(output, link.format("output")),
        fault=None if step.error is None else fault(step.error, link.format("error")),
    )


def failures(attempts: Iterable[Attempt], run_id: str) -> tuple[Failure, ...]:
    """Attempts that failed, and after which others were made."""
    return tuple(
        Failure(
            number=each.number + 1,
            at=each.started_at,
            took=each.ended_at - each.started_at,
            retry_at=each.retry_at,
            fault=fault(
                each.error, f"/runs/{run_id}/text/error?step={quote(each.step_id, safe='')}&at={each.ended_at}"
            ),
        )
        for each in attempts
    )


def fault(text: str, link: str) -> Fault:
    """An error as it is stored, as JSON text."""
    problem = _problem(text)
    return Fault(
        name=problem.name[:_LONGEST_NAME] or "Error",
        message=plainly(problem.message or text, link),
        stack=plainly(problem.stack.rstrip(), link) if problem.stack.strip() else None,
    )


def error_text(text: str) -> str:
    """An error to be read as a file: its traceback, or else what it says."""
    problem = _problem(text)
    return problem.stack or f"{problem.name}: {problem.message}" if problem.name else text


def step_text(step: Step, part: str) -> str | None:
    """The whole input, output or error of a step, or None if it has none."""
    output = None if step.memo is None or step.error is not None else unwrapped(step.memo, step.op)
    texts: Mapping[str, str | None] = {
        "input": step.input,
        "output": output,
        "error": None if step.error is None else error_text(step.error),
    }
    return texts.get(part)


def _editable(text: str | None) -> str:
    short = text is not None and len(text) <= _MOST_EDITED
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text is not None and short else ""


def _problem(text: str) -> Problem:
    try:
        return problem_of(text)
    except InvalidJSONError:
        return Problem()


def _retried(live: Live | None, step_id: str) -> Job | None:
    """The job that waits to try something again: a step, or the function itself."""
    for job in () if live is None else live.jobs.values():
        if job.step_id == step_id and job.attempt and job.status is JobStatus.DELAYED:
            return job
    return None


def _awaited(pause: Pause | None) -> Awaited | None:
    if pause is None:
        return None
    what = {PauseKind.EVENT: "an event", PauseKind.SIGNAL: "a signal", PauseKind.INVOKE: "a function"}
    return Awaited(what=what.get(pause.kind, ""), name=pause.name, expression=pause.expression, until=pause.expires_at)
