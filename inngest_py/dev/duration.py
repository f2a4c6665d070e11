"""Durations and moments, as the wire writes them (PROTOCOL 3.3, 6.4, 7.2). Everything is milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 365 * DAY
LONGEST: Final = 366 * DAY
"""The longest sleep, wait or invocation (PROTOCOL 17)."""

_REPRESENTABLE: Final = (1 << 63) // 1_000_000
"""The longest duration at all, as nanoseconds in 64 bits."""

_UNITS: Final = {
    "w": WEEK,
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": 1,
    "us": 1e-3,
    "µs": 1e-3,
    "ns": 1e-6,
}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|ns|[wdhms])")
_GO_UNITS: Final = frozenset(_UNITS) - {"w", "d"}
_SHORTEST_DATE: Final = 10


def parse_duration(text: str) -> int:
    """Read `1h30m`, `7d`, `2w`. Raises ValueError."""
    return _sum(text, frozenset(_UNITS))


def parse_go_duration(text: str) -> int:
    """Read a duration in the grammar of batch timeouts, which knows no days and weeks. Raises ValueError."""
    return _sum(text, _GO_UNITS)


def _sum(text: str, allowed: frozenset[str]) -> int:
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f'"{text}" is not a duration such as "30s" or "1h30m"')
    if any(unit not in allowed for _, unit in parts):
        raise ValueError(f'"{text}" has a unit that is not allowed here: write it in hours, such as "24h"')
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if total > _REPRESENTABLE:
        raise ValueError(f'"{text:.40}" is longer than 292 years, and no duration can be')
    return round(total)


def parse_moment(text: str, now: int) -> int:
    """Read a date or a duration from now as a Unix time in milliseconds. Raises ValueError."""
    try:
        return now + parse_duration(text)
    except ValueError:
        return parse_date(text)


def parse_date(text: str) -> int:
    """Read an ISO 8601 or HTTP date; one without a zone is UTC. Raises ValueError."""
    if len(text) < _SHORTEST_DATE:
        raise ValueError(f'"{text}" is neither a duration nor a date')
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = _parse_http_date(text)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return round(when.timestamp() * SECOND)


def _parse_http_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        raise ValueError(f'"{text}" is neither a duration nor a date') from None


def iso(ms: int) -> str:
    """Write a Unix time as ISO 8601 in UTC with milliseconds, as `2026-11-22T04:09:11.164Z`."""
    when = datetime.fromtimestamp(ms / SECOND, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
