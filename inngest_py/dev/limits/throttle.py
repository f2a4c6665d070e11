"""Throttle: runs that exceed the rate start later; none is dropped (PROTOCOL 14.4).

It counts starts when they happen, not when they are wanted: runs that have waited for something else meanwhile, for a
slot or for the server to come back, do not start all at once.
"""

from __future__ import annotations

from inngest_py.dev.flow import Throttle
from inngest_py.dev.limits.keys import Value, key_text
from inngest_py.dev.model import Function, Slot


def gates(function: Function, event: Value, now: int) -> tuple[Slot, ...]:
    """What a run has to pass to start, if its function is throttled."""
    rule = function.flow.throttle
    if rule is None:
        return ()
    return (Slot(f"throttle:{function.slug}:{key_text(rule.key, event, now)}", 1, gate=True),)


def start_at(rule: Throttle, tat: float | None, now: int) -> tuple[int, float]:
    """When a run may start, and the new theoretical arrival time. `limit + burst` may start at once."""
    interval = rule.period / max(rule.limit, 1)
    tat = float(now) if tat is None else tat
    start = max(float(now), tat - (max(rule.limit, 1) + rule.burst - 1) * interval)
    return round(start), max(tat, start) + interval
