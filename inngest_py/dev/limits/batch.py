"""Batching: events are collected, and run together (PROTOCOL 14.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inngest_py.dev.flow import Batch
from inngest_py.dev.model import Buffer, Event

KIND: Final = "batch"
MAX_SIZE: Final = 10 * 1024 * 1024


def collect(rule: Batch, key: tuple[str, str], held: Buffer | None, event: Event, now: int) -> Buffer:
    """The buffer with this event in it; it is due `timeout` after its first event.

    `key` is the function and the key of the buffer.
    """
    if held is None:
        due = now + rule.timeout
        size = len(event.data)
        return Buffer(function=key[0], key=key[1], kind=KIND, events=(event.id,), since=now, due=due, size=size)
    return replace(held, events=(*held.events, event.id), size=held.size + len(event.data))


def full(rule: Batch, buffer: Buffer) -> bool:
    """Whether the buffer must not wait any longer."""
    return len(buffer.events) >= rule.size or buffer.size >= MAX_SIZE
