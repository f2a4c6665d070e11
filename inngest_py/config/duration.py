"""Durations as a person writes them (`"1h30m"`, `timedelta`) and as the wire wants them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator

from inngest_py.errors import ConfigError

LONGEST: Final = timedelta(days=366)
"""The longest sleep and the longest wait that servers take (PROTOCOL 17)."""

_UNITS: Final = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|w|d|h|m|s)\s*")
_EXAMPLES: Final = 'write it as "30s", "1h30m", "7d", or a timedelta'


def parse_duration(value: object) -> timedelta:
    """Read a duration: a string of numbers with the units `w d h m s ms`, or a timedelta.

    Raises ConfigError for anything else; a bare number has no unit, and is refused with what to write instead.
    """
    if isinstance(value, timedelta):
        return _not_negative(value, value)
    if isinstance(value, str):
        return _not_negative(_parse_text(value), value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ConfigError(f'the duration {value!r} has no unit: write "{value}s" for seconds, or a timedelta')
    raise ConfigError(f"{value!r} is not a duration: {_EXAMPLES}")


def _parse_text(text: str) -> timedelta:
    rest, milliseconds = text.strip(), 0.0
    if not rest:
        raise ConfigError(f"an empty string is not a duration: {_EXAMPLES}")
    while rest:
        part = _PART.match(rest)
        if part is None:
            hint = f'"{text}s" would be seconds' if re.fullmatch(r"[0-9.]+", rest) else _EXAMPLES
            raise ConfigError(f'"{text}" is not a duration: {hint}')
        milliseconds += float(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ConfigError(f'"{text}" is too long a duration') from None


def _not_negative(duration: timedelta, value: object) -> timedelta:
    if duration < timedelta():
        raise ConfigError(f"{value!r} is a negative duration")
    return duration


def write_duration(value: str | timedelta) -> str:
    """Write a duration for the wire: whole hours, minutes or seconds, rounded up to the second.

    Only `h`, `m` and `s` are used, because batch timeouts know no longer units (PROTOCOL 3.3).
    """
    seconds = -(-parse_duration(value) // timedelta(seconds=1))
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    if seconds and seconds % 60 == 0:
        return f"{seconds // 60}m"
    return f"{seconds}s"


def bounded_duration(value: object, what: str) -> str:
    """Write the duration of a sleep or a wait. Raises ConfigError over 366 days, which servers refuse."""
    try:
        duration = parse_duration(value)
    except ConfigError as error:
        raise ConfigError(f"{what}: {error}") from None
    if duration > LONGEST:
        raise ConfigError(f"{what}: {value!r} is longer than 366 days, the longest that servers take")
    return write_duration(duration)


def write_moment(value: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds. Raises ConfigError for a naive datetime."""
    if value.tzinfo is None:
        raise ConfigError(f"{value!r} has no time zone: write datetime(..., tzinfo=timezone.utc) or datetime.now(tz)")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _keep(value: object) -> object:
    parse_duration(value)
    return value


Duration: TypeAlias = Annotated[str | timedelta, BeforeValidator(_keep)]
"""A duration in configuration: checked when it is written, kept as it was written."""
