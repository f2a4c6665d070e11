"""Timeouts: how long a run may wait for its start, and how long it may take (PROTOCOL 14.12)."""

from __future__ import annotations

from inngest_py.dev.model import Function


def start_by(function: Function, created_at: int) -> int | None:
    """When a run is cancelled if it has not started."""
    timeout = function.flow.start_timeout
    return None if timeout is None else created_at + timeout


def finish_by(function: Function, started_at: int) -> int | None:
    """When a run is cancelled if it has not ended."""
    timeout = function.flow.finish_timeout
    return None if timeout is None else started_at + timeout
