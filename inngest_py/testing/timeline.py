"""A run drawn as a tree of steps, with virtual times, for people."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from inngest_py.testing.results import Run, StepRun

_LONGEST: Final = 60


def drawn(run: Run) -> str:
    """The tree: when each step began, counted from the run's beginning, what it was, and what came of it."""
    begin = run.started_at or run.created_at
    lines = [f"{run.function}: {run.status.value}{_took(begin, run.ended_at)}"]
    steps = list(run.steps.values())
    rows = [(_since(begin, step), step.id, step.kind, _outcome(step)) for step in steps]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for index, row in enumerate(rows):
        branch = "└─" if index == len(rows) - 1 else "├─"
        moment, step_id, kind = (text.ljust(width) for text, width in zip(row, widths, strict=False))
        lines.append(f"{branch} +{moment}  {step_id}  {kind}  {row[3]}".rstrip())
    if run.error is not None:
        lines.append(f"   failed: {run.error}")
    elif run.ended_at is not None:
        lines.append(f"   returned: {shown(run.output)}")
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A value as JSON, cut to a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def span(duration: timedelta) -> str:
    """A duration as people write it: `1d2h`, `90ms`."""
    left = round(duration.total_seconds() * 1000)
    parts = list[str]()
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _took(begin: datetime, end: datetime | None) -> str:
    return "" if end is None else f" after {span(end - begin)}"


def _since(begin: datetime, step: StepRun) -> str:
    return span((step.started_at or step.queued_at) - begin)


def _outcome(step: StepRun) -> str:
    tries = f", {step.attempts} attempts" if step.attempts > 1 else ""
    took = ""
    if step.ended_at is not None and step.ended_at > (step.started_at or step.queued_at):
        took = f" after {span(step.ended_at - (step.started_at or step.queued_at))}"
    detail = f"{step.detail} " if step.detail else ""
    if step.error is not None:
        return f"{detail}{step.status.value}{took}{tries}: {step.error}"
    result = "" if step.output is None else f" -> {shown(step.output)}"
    return f"{detail}{step.status.value}{took}{tries}{result}"
