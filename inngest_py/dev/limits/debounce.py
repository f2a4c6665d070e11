"""Debounce: events are held back until none has come for a while; the last one counts (PROTOCOL 14.7)."""

from __future__ import annotations

from typing import Final

from inngest_py.dev.flow import Debounce
from inngest_py.dev.model import Buffer, Event

KIND: Final = "debounce"


def hold(rule: Debounce, key: tuple[str, str], held: tuple[Buffer, Event] | None, event: Event, now: int) -> Buffer:
    """The buffer with this event in it. The held event stays if it is newer; `timeout` caps the whole delay.

    `key` is the function and the key of the buffer.
    """
    due = now + rule.period
    if held is None:
        since, kept = now, event
    else:
        buffer, old = held
        since, kept = buffer.since, (event if event.ts >= old.ts else old)
    if rule.timeout is not None:
        due = min(due, since + rule.timeout)
    return Buffer(function=key[0], key=key[1], kind=KIND, events=(kept.id,), since=since, due=due)
