"""Rate limit: runs that exceed the rate are dropped (PROTOCOL 14.3).

It admits `1 + limit // 10` at once, then one every `period / limit`: that is what the real server does.
"""

from __future__ import annotations

from inngest_py.dev.flow import RateLimit


def admit(rule: RateLimit, tat: float | None, now: int) -> float | None:
    """The new theoretical arrival time if the run may start, else None."""
    interval = rule.period / rule.limit
    tat = float(now) if tat is None else max(tat, float(now))
    if tat - now > rule.limit // 10 * interval:
        return None
    return tat + interval
