"""Singleton: at most one run at a time (PROTOCOL 14.11)."""

from __future__ import annotations

from inngest_py.dev.flow import Singleton
from inngest_py.dev.limits.keys import Value, evaluate, key_text


def name(rule: Singleton, function: str, event: Value, now: int) -> str:
    """The name that only one run may have; empty if this run is no singleton, because its key is `false`."""
    if not rule.key:
        return function
    if evaluate(rule.key, event, now) is False:
        return ""
    return f"{function}:{key_text(rule.key, event, now)}"
