"""The log of a run: what happened, as far as its records tell, and what its app has logged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inngest_py.dev.duration import iso
from inngest_py.dev.lines import human_duration
from inngest_py.dev.model import Attempt, LogLine, Run, Step
from inngest_py.dev.problems import problem_of
from inngest_py.dev.ui.views.statuses import badge
from inngest_py.dev.ui.views.waterfall import KINDS

LONGEST: Final = 2_000
"""How many characters of a line a page shows."""

_LONGEST_ERROR: Final = 300
"""The same for an error: all of it stands with its step."""

_OURS: Final = "inngest_py"
"""The name of `ctx.logger` where no other was given: it says nothing."""

_TONES: Final = {"DEBUG": "idle", "INFO": "plain", "WARNING": "warn", "WARN": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or a line of the app: then it has an `id` and, perhaps, a `logger`.

    `at` is in Unix milliseconds, `step` the hashed id of a step.
    """

    at: int
    tone: str
    word: str
    text: str
    step: str = ""
    id: str = ""
    logger: str = ""


def happened(
    run: Run, steps: Sequence[Step], attempts: Sequence[Attempt] = (), logged: Sequence[LogLine] = ()
) -> tuple[Line, ...]:
    """All that happened and was logged, in order."""
    names = {step.id: step.name for step in steps}
    failed = [_of_attempt(attempt, names.get(attempt.step_id, "the function")) for attempt in attempts]
    ids = {name: step_id for step_id, name in names.items()}
    said = [_of_app(line, ids.get(line.step, "")) for line in logged]
    lines = [*(line for step in steps for line in _of_step(step)), *failed, *said]
    return tuple(sorted([*_beginning(run), *lines, *_ending(run)], key=lambda line: line.at))


def log_text(logged: Sequence[LogLine]) -> str:
    """What the app has logged, as a file."""
    return "".join(
        f"{iso(line.at)} {line.level} {f'{line.logger} ' if line.logger else ''}{line.text}\n" for line in logged
    )


def _beginning(run: Run) -> Iterator[Line]:
    yield Line(run.created_at, "idle", "queued", f"by {run.cron or run.event_name}")
    if run.started_at is not None:
        yield Line(run.started_at, "busy", "started", "the app is called")


def _ending(run: Run) -> Iterator[Line]:
    if run.ended_at is not None:
        said = "the run" if run.error is None else f"the run: {_said(run.error)}"
        yield Line(run.ended_at, badge(run.status).tone, run.status.value.lower(), said)


def _of_step(step: Step) -> Iterator[Line]:
    kind = KINDS.get(step.op, "")
    if kind or step.started_at is None:
        yield Line(step.queued_at, "wait" if kind else "idle", kind or "planned", step.name, step.id)
    else:
        yield Line(step.started_at, "busy", "started", step.name, step.id)
    if step.ended_at is not None:
        said = "" if step.error is None else f": {_said(step.error)}"
        yield Line(step.ended_at, badge(step.status).tone, badge(step.status).word.lower(), step.name + said, step.id)


def _of_attempt(attempt: Attempt, name: str) -> Line:
    text = f"{name}, attempt {attempt.number + 1}: {_said(attempt.error)}"
    again = human_duration(attempt.retry_at - attempt.ended_at)
    return Line(attempt.ended_at, "warn", "failed", f"{text}; again in {again}", attempt.step_id)


def _of_app(line: LogLine, step_id: str) -> Line:
    tone = _TONES.get(line.level, "bad")
    logger = "" if line.logger == _OURS else line.logger
    return Line(line.at, tone, line.level.lower(), _short(line.text, LONGEST), step_id, line.id, logger)


def _said(error: str) -> str:
    problem = problem_of(error)
    return _short(f"{problem.name}: {problem.message}" if problem.message else problem.name, _LONGEST_ERROR)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]} …"
