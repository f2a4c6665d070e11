"""Throttle: runs that exceed the rate start later; none is dropped (PROTOCOL 14.4)."""

from __future__ import annotations

from inngest_py.dev.flow import Throttle


def start_at(rule: Throttle, tat: float | None, now: int) -> tuple[int, float]:
    """When a run may start, and the new theoretical arrival time. `limit + burst` may start at once."""
    interval = rule.period / max(rule.limit, 1)
    tat = float(now) if tat is None else tat
    start = max(float(now), tat - (max(rule.limit, 1) + rule.burst - 1) * interval)
    return round(start), max(tat, start) + interval
