"""Debounce: events are held back until none has come for a while; the last one counts (PROTOCOL 14.7)."""

from __future__ import annotations

from inngest_py.dev.flow import Debounce
from inngest_py.dev.model import Buffer, Event

KIND = "debounce"


def hold(rule: Debounce, function: str, key: str, held: tuple[Buffer, Event] | None, event: Event, now: int) -> Buffer:
    """The buffer with this event in it. The held event stays if it is newer; `timeout` caps the whole delay."""
    due = now + rule.period
    if held is None:
        since, kept = now, event
    else:
        buffer, old = held
        since, kept = buffer.since, (event if event.ts >= old.ts else old)
    if rule.timeout is not None:
        due = min(due, since + rule.timeout)
    return Buffer(function=function, key=key, kind=KIND, events=(kept.id,), since=since, due=max(due, now))
