"""When a schedule fires next (PROTOCOL 14.13).

`cronsim` reads the five fields and counts on the wall clock; the zone's rules are applied here, so that a change of
the clock has the effect that it has on the real server: what falls into the hour that is skipped does not fire, what
falls into the hour that comes twice fires twice.

It is of the extra `dev`, and loaded when the first schedule is read: who has none needs no extra to test functions.
"""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from inngest_py.errors import ConfigError

_FIELDS: Final = 5
_PREFIXES: Final = ("TZ=", "CRON_TZ=")
_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock time, which has no zone


@lru_cache(maxsize=1024)
def parse_cron(text: str) -> tuple[str, tzinfo]:
    """Split a schedule into its five fields and its zone, UTC by default. Raises ConfigError."""
    first, _, rest = text.partition(" ")
    zone: tzinfo = UTC
    for prefix in _PREFIXES:
        if first.startswith(prefix):
            zone, text = _zone(first.removeprefix(prefix)), rest
    fields = text.split()
    if len(fields) != _FIELDS:
        raise ConfigError(f'the schedule "{text}" must have five fields (minute hour day month weekday)')
    try:
        _cronsim().CronSim(text, _EPOCH)
    except (_cronsim().CronSimError, ValueError) as error:
        raise ConfigError(f'the schedule "{text}" cannot be read: {error}') from None
    return text, zone


@cache
def _cronsim() -> Any:
    try:
        return importlib.import_module("cronsim")
    except ModuleNotFoundError:
        raise ConfigError(
            'schedules are read by an extra that is not installed: pip install "inngest-py[dev]"'
        ) from None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ConfigError(f'"{name}" is not a time zone such as Europe/Paris') from None


def next_fire(text: str, after: int) -> int | None:
    """The first time after `after` at which a schedule fires, in Unix milliseconds, or None if there is none."""
    fields, zone = parse_cron(text)
    moment = datetime.fromtimestamp(after // 1000, UTC)
    while True:
        offset = _offset(moment + _SECOND, zone)
        wall = _next_wall(fields, moment + offset)
        if wall is None:
            return None
        found = wall - offset
        if _offset(found, zone) == offset:
            return round(found.timestamp() * 1000)
        moment = _change(moment + _SECOND, found, zone) - _SECOND


def _next_wall(fields: str, wall: datetime) -> datetime | None:
    naive = wall.replace(tzinfo=None)
    try:
        found: datetime = next(_cronsim().CronSim(fields, naive))
    except (StopIteration, _cronsim().CronSimError):
        return None
    return found.replace(tzinfo=UTC)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The first second after `low` at which the zone has another offset than at `low`."""
    offset = _offset(low, zone)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high
