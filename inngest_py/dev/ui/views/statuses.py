"""The statuses of runs and steps, as words and as tones; the style sheet has a colour for each tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inngest_py.dev.model import Run, RunStatus, Step, StepStatus

_TONES: Final[dict[str, str]] = {
    RunStatus.QUEUED: "idle",
    RunStatus.RUNNING: "busy",
    RunStatus.COMPLETED: "good",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELLED: "gone",
    StepStatus.RETRYING: "warn",
    StepStatus.SLEEPING: "wait",
    StepStatus.WAITING: "wait",
    StepStatus.TIMED_OUT: "warn",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A status."""

    word: str
    tone: str


def badge(status: RunStatus | StepStatus) -> Badge:
    """A status as it is shown."""
    word = "Timed out" if status is StepStatus.TIMED_OUT else status.value
    return Badge(word, _TONES[status])


def badge_of(step: Step, run: Run) -> Badge:
    """The status of a step as it is shown: one that its run has left undone goes on no more."""
    if run.ended_at is None or step.ended_at is not None:
        return badge(step.status)
    return Badge("Cancelled" if run.status is RunStatus.CANCELLED else "Left undone", _TONES[RunStatus.CANCELLED])
