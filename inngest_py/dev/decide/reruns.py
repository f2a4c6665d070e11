"""Repeating a run: from the beginning, or from one of its steps on, with another input if somebody has edited it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inngest_py.dev.decide.admission import repeat
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import RerunRequested
from inngest_py.dev.model import Step, StepStatus


def rerun(turn: Turn, happening: RerunRequested) -> str | None:
    """Make a run of the same function and the same events; the answer is its id, or None without such a function."""
    function = turn.state.functions.get(happening.run.function)
    if function is None or function.archived_at is not None:
        return None
    for event in happening.events:
        turn.put(event)
    steps = _taken_over(happening, turn.now) if happening.from_step else []
    return repeat(turn, function, happening.events, happening.run, steps).id


def _taken_over(happening: RerunRequested, now: int) -> list[Step]:
    """What the new run knows already: the steps that were done before the one it begins with, and the input of that."""
    first = next(step for step in happening.steps if step.id == happening.from_step)
    taken = [
        replace(step, position=position, queued_at=now, started_at=now, ended_at=now)
        for position, step in enumerate(_done_before(first, happening.steps))
    ]
    if happening.input is None:
        return taken
    fresh = Step(
        run_id="",
        id=first.id,
        name=first.name,
        op=first.op,
        status=StepStatus.QUEUED,
        queued_at=now,
        input=happening.input,
        edited=True,
    )
    return [*taken, fresh]


def _done_before(first: Step, steps: Sequence[Step]) -> list[Step]:
    """The steps that were done before one, in the order in which they were done."""
    done = [(step.position, step) for step in steps if step.position is not None]
    end = len(steps) if first.position is None else first.position
    return [step for position, step in sorted(done, key=lambda each: each[0]) if position < end]
