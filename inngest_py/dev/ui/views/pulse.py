"""How a function has done lately: the share of runs that ended well, and how long they took, as a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from inngest_py.dev.model import Run, RunStatus
from inngest_py.dev.ui.views.statuses import badge

_SHORTEST = 6.0


@dataclass(frozen=True, slots=True)
class Column:
    """One run in a chart: its height in percent of the longest, and how it ended."""

    run_id: str
    tone: str
    height: float
    took: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The latest runs, oldest first. `rate` is in percent, None if none has ended; times are in milliseconds."""

    columns: tuple[Column, ...]
    rate: int | None
    usual: int | None
    slow: int | None


def pulse(runs: Sequence[Run], now: int) -> Pulse:
    """How runs, newest first, have done."""
    took = [_took(run, now) for run in runs]
    longest = max(took, default=0) or 1
    columns = [
        Column(run.id, badge(run.status).tone, round(max(100 * each / longest, _SHORTEST), 1), each)
        for run, each in zip(runs, took, strict=True)
    ]
    ended = [run for run in runs if run.status in {RunStatus.COMPLETED, RunStatus.FAILED}]
    good = sum(run.status is RunStatus.COMPLETED for run in ended)
    times = sorted(_took(run, now) for run in ended)
    return Pulse(
        columns=tuple(reversed(columns)),
        rate=100 * good // len(ended) if ended else None,
        usual=round(median(times)) if times else None,
        slow=times[ceil(len(times) * 0.95) - 1] if times else None,
    )


def _took(run: Run, now: int) -> int:
    return 0 if run.started_at is None else (run.ended_at or now) - run.started_at
