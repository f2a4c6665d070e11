"""Priority: a run counts as older, or younger, than it is (PROTOCOL 14.6).

Only an integer counts: a JSON number is a double, and a double is none. Unlike on the real server a negative factor
only orders; it does not make a run wait while nothing else is to be done.
"""

from __future__ import annotations

from typing import Final

from inngest_py.dev.duration import SECOND
from inngest_py.dev.limits.keys import Value, evaluate

FURTHEST: Final = 43_200


def offset(expression: str, event: Value, now: int) -> int:
    """By how many milliseconds a run counts as older."""
    value = evaluate(expression, event, now)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return max(-FURTHEST, min(FURTHEST, value)) * SECOND
