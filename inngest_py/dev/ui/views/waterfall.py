"""A run over time: when it was queued, and each step with its queue time, its work, its waits, to scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from inngest_py.dev.lines import human_duration
from inngest_py.dev.model import Attempt, Run, Step, StepStatus
from inngest_py.dev.ui.views.statuses import Badge, badge, badge_of
from inngest_py.wire.ops import Opcode

NARROWEST: Final = 0.4
"""How wide a bar is at least, in percent: what takes next to no time can be seen."""

KINDS: Final[dict[str, str]] = {
    Opcode.SLEEP: "sleep",
    Opcode.WAIT_FOR_EVENT: "wait for event",
    Opcode.WAIT_FOR_SIGNAL: "wait for signal",
    Opcode.INVOKE_FUNCTION: "invoke",
    Opcode.GATEWAY: "fetch",
    Opcode.AI_GATEWAY: "ai",
}
_WAITS: Final = frozenset({Opcode.SLEEP, Opcode.WAIT_FOR_EVENT, Opcode.WAIT_FOR_SIGNAL, Opcode.INVOKE_FUNCTION})
_TICKS: Final = 4
_TOLD: Final = {
    "again": "waited",
    "bad": "failed after",
    "busy": "running for",
    "gone": "cancelled after",
    "queue": "in the queue",
    "wait": "waited",
    "warn": "took",
}
"""What a bar of each tone says before how long it took; one of another tone ran."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of time, in percent of the whole, and in milliseconds. `tone` says what was going on."""

    tone: str
    left: float
    width: float
    took: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A step, or the run itself if there is no `id`. `took` is in milliseconds, None while nothing has begun.

    `story` says in words what the bars show.
    """

    id: str
    name: str
    kind: str
    status: Badge
    attempts: int
    took: int | None
    bars: tuple[Bar, ...]

    @property
    def story(self) -> str:
        """The bars in words: `Completed: in the queue 20 ms, failed after 24 ms, waited 3.0 s, ran 15 ms`."""
        told = (f"{_TOLD.get(bar.tone.split()[0], 'ran')} {human_duration(bar.took)}" for bar in self.bars)
        return f"{self.status.word}: {', '.join(told)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """All lanes, and what the time scale says."""

    lanes: tuple[Lane, ...]
    ticks: tuple[str, ...]


def waterfall(run: Run, steps: Sequence[Step], attempts: Sequence[Attempt], now: int) -> Waterfall:
    """A run over time, up to now or to its end. `attempts` are those that failed, and after which others were made."""
    start = run.created_at
    end = run.ended_at or now
    scale = _Scale(start, max(end - start, 1))
    lanes = [
        _run_lane(run, scale, end),
        *(
            _lane(step, badge_of(step, run), [it for it in attempts if it.step_id == step.id], scale, end)
            for step in steps
        ),
    ]
    ticks = tuple(human_duration(scale.length * part // _TICKS) if part else "0" for part in range(_TICKS + 1))
    return Waterfall(lanes=tuple(lanes), ticks=ticks)


@dataclass(frozen=True, slots=True)
class _Scale:
    start: int
    length: int

    def bar(self, tone: str, begin: int, end: int) -> Bar:
        width = max(100 * (end - begin) / self.length, NARROWEST)
        left = min(max(100 * (begin - self.start) / self.length, 0), 100 - NARROWEST)
        return Bar(tone, round(left, 3), round(min(width, 100 - left), 3), end - begin)


def _run_lane(run: Run, scale: _Scale, end: int) -> Lane:
    started = run.started_at
    tone = badge(run.status).tone
    bars = [scale.bar("queue", run.created_at, end if started is None else started)]
    if started is not None:
        bars.append(scale.bar(f"{tone} whole", started, end))
    return Lane(
        id="",
        name="run",
        kind="",
        status=badge(run.status),
        attempts=1,
        took=None if started is None else end - started,
        bars=tuple(_worth_showing(bars)),
    )


def _lane(step: Step, status: Badge, failed: Sequence[Attempt], scale: _Scale, end: int) -> Lane:
    waiting = step.op in _WAITS
    began, over = step.queued_at if waiting else step.started_at, step.ended_at or end
    tone = "wait" if waiting and step.status not in {StepStatus.FAILED, StepStatus.TIMED_OUT} else status.tone
    bars = [] if waiting else [scale.bar("queue", step.queued_at, over if began is None else began)]
    for attempt in failed:
        bars.append(scale.bar("bad", attempt.started_at, attempt.ended_at))
        bars.append(scale.bar("again", attempt.ended_at, min(attempt.retry_at, over)))
    last = max((attempt.retry_at for attempt in failed), default=began)
    if last is not None and (last < over or not failed):
        bars.append(scale.bar(tone, last, over))
    return Lane(
        id=step.id,
        name=step.name,
        kind=KINDS.get(step.op, ""),
        status=status,
        attempts=step.attempts,
        took=None if began is None else over - began,
        bars=tuple(_worth_showing(bars)),
    )


def _worth_showing(bars: Iterable[Bar]) -> list[Bar]:
    """Bars without the queue times that can hardly be seen."""
    return [bar for bar in bars if bar.tone not in {"queue", "again"} or bar.width > NARROWEST]
