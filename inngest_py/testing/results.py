"""What came of a run, to be asserted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

from inngest_py.dev.model import RunStatus, StepStatus
from inngest_py.errors import StepError, UsageError
from inngest_py.testing.journal import LogLine
from inngest_py.testing.timeline import drawn
from inngest_py.wire.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step of a run.

    `id` is the one in the code; of further uses of the same id it is `id:1`, `id:2` and so on. `kind` says what it
    does: `run`, `sleep`, `wait_for_event` and so on. `input` are its arguments, or what the server is told of it;
    `output` is its result as JSON, as it is stored. `attempts` counts the executions; times are virtual.
    """

    id: str
    kind: str
    status: StepStatus
    input: Any
    output: Any
    error: StepError | None
    attempts: int
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    detail: str = ""


class Steps(Mapping[str, StepRun]):
    """The steps of a run by id, in the order in which the function asked for them first."""

    def __init__(self, steps: Sequence[StepRun]) -> None:
        self._steps: Final = {step.id: step for step in steps}

    def __getitem__(self, step_id: str) -> StepRun:
        """A step. Raises KeyError for one that there is not, and names those that are like it."""
        found = self._steps.get(step_id)
        if found is None:
            near = get_close_matches(step_id, self._steps, 3) or list(self._steps)
            names = ", ".join(f'"{name}"' for name in near) or "none"
            raise KeyError(f'the run has no step "{step_id}"; it has {names}')
        return found

    def __iter__(self) -> Iterator[str]:
        """The ids."""
        return iter(self._steps)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._steps)

    def __repr__(self) -> str:
        """Show the ids and how each step is."""
        return "{" + ", ".join(f"{step.id!r}: {step.status.value}" for step in self._steps.values()) + "}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, as it was when this was asked for.

    `status` is `Completed`, `Failed`, `Cancelled`, or `Queued` or `Running` while it goes on. `output` is what the
    function returned, as JSON, as it is stored; `error` what the run failed with. `events_sent` are the events that
    it sent, `logs` what it logged with `ctx.logger`. `calls` counts the requests that it took.
    `others` are runs beside it that `testing.run` has seen: of functions that it invoked, or of its `on_failure`.
    """

    id: str
    function: str
    status: RunStatus
    output: Any
    error: StepError | None
    steps: Steps
    events: Sequence[Event]
    events_sent: Sequence[Event]
    logs: Sequence[LogLine]
    calls: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    others: Sequence[Run] = field(default=(), repr=False)

    @property
    def duration(self) -> timedelta:
        """How long it took from its first call to its end, in virtual time. Raises UsageError before its end."""
        if self.started_at is None or self.ended_at is None:
            raise UsageError(f"the run of {self.function} has not ended, it is {self.status.value}:\n{self.timeline()}")
        return self.ended_at - self.started_at

    def timeline(self) -> str:
        """The run as a tree of its steps, with the virtual time of each, to be printed."""
        return drawn(self)

    def result(self) -> Any:
        """The output of a run that completed. Raises the error of one that failed, and UsageError for any other."""
        if self.error is not None:
            raise self.error
        if self.status is not RunStatus.COMPLETED:
            raise UsageError(f"the run of {self.function} has no result, it is {self.status.value}:\n{self.timeline()}")
        return self.output

    def __str__(self) -> str:
        """The timeline."""
        return self.timeline()
