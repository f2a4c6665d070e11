"""Virtual time: when it begins, and how a person writes how much of it passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from inngest_py.config.duration import parse_duration
from inngest_py.errors import UsageError

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When virtual time begins unless a test says otherwise: the same in every run of the test."""

MAX_CALLS: Final = 10_000
"""How many calls may be made before something is taken to go round in circles, unless a test says otherwise."""


def unix_of(moment: datetime) -> int:
    """A moment in Unix milliseconds. Raises UsageError for one without a time zone."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UsageError(f"start={moment!r} must be a datetime with a time zone: datetime(2026, 1, 1, tzinfo=UTC)")
    return round(moment.timestamp() * 1000)


def moment_of(unix: int) -> datetime:
    """The moment of a time in Unix milliseconds, in UTC."""
    return datetime.fromtimestamp(unix / 1000, UTC)


def span_of(duration: str | timedelta) -> int:
    """A duration in milliseconds. Raises ConfigError for what is none, and says what to write instead."""
    return parse_duration(duration) // timedelta(milliseconds=1)
