"""Cancellation: the events that end a run before its time (PROTOCOL 14.10)."""

from __future__ import annotations

from inngest_py.dev.duration import YEAR, parse_moment
from inngest_py.dev.model import Function, Pause, PauseKind


def pauses(function: Function, run_id: str, now: int) -> tuple[Pause, ...]:
    """What a new run listens for."""
    return tuple(
        Pause(
            id=f"{run_id}!{number}",
            run_id=run_id,
            kind=PauseKind.CANCEL,
            created_at=now,
            expires_at=parse_moment(rule.timeout, now) if rule.timeout else now + YEAR,
            name=rule.event,
            expression=rule.condition,
        )
        for number, rule in enumerate(function.flow.cancel)
    )
