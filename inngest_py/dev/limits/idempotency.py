"""Idempotency: of several events with the same key only the first starts a run (PROTOCOL 14.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.limits.keys import evaluate, key_text
from inngest_py.dev.model import Event, Function


def claims(function: Function, event: Event, value: Callable[[], Mapping[str, Any]], now: int) -> tuple[str, ...]:
    """The keys that a run uses up: its event's id if the sender chose it, and the function's own expression.

    An expression that is `false` uses up nothing.
    """
    keys = [key] if (key := event_claim(event)) else list[str]()
    expression = function.flow.idempotency
    if expression and evaluate(expression, value(), now) is not False:
        keys.append("key:" + key_text(expression, value(), now))
    return tuple(keys)


def event_claim(event: Event) -> str:
    """The key that an event uses up whose id its sender chose; else an empty string."""
    if (event.key or event.seeded) and not event.name.startswith(PREFIX):
        return "event:" + (event.key or event.id)
    return ""
