"""Idempotency: of several events with one id only the first starts a run of a function (PROTOCOL 14.5).

A function's own `idempotency` is a rate limit of one run a day for each key: see rulebook.
"""

from __future__ import annotations

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.model import Event


def event_claim(event: Event) -> str:
    """The key that an event uses up whose id its sender chose; else an empty string."""
    if (event.key or event.seeded) and not event.name.startswith(PREFIX):
        return "event:" + (event.key or event.id)
    return ""
