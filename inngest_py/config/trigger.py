"""What starts a function: an event, a schedule, or a typed event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from inngest_py.config.duration import Duration, parse_duration, write_duration
from inngest_py.config.event_type import LONGEST_NAME, EventType
from inngest_py.config.expression import Expression
from inngest_py.config.setting import Setting
from inngest_py.errors import ConfigError

MAX_TRIGGERS: Final = 10
"""How many triggers a function may have (PROTOCOL 3.3)."""

_ZONE: Final = re.compile(r"^(?:CRON_)?TZ=(\S+)\s+(.*)$")
_FIELDS: Final = (
    ("minute", 0, 59, ""),
    ("hour", 0, 23, ""),
    ("day of month", 1, 31, ""),
    ("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    ("day of week", 0, 6, "sun mon tue wed thu fri sat"),
)
_JITTER: Final = (timedelta(seconds=1), timedelta(minutes=5))


def check_cron(text: str) -> str:
    """Return the schedule. Raises ConfigError if it is not five fields, perhaps behind `TZ=Area/City`."""
    zone = _ZONE.match(text.strip())
    if zone is not None:
        check_timezone(zone[1])
    fields = (zone[2] if zone else text).split()
    if len(fields) != len(_FIELDS):
        raise ConfigError(
            f'the schedule "{text}" has {len(fields)} fields instead of five: minute, hour, day of month, month, '
            'day of week, as in "0 9 * * 1"'
        )
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for item in field.lower().split(","):
            if not _fits(item, low, high, names.split()):
                raise ConfigError(f'the schedule "{text}" has "{field}" as its {name}: it goes from {low} to {high}')
    return text


def _fits(item: str, low: int, high: int, names: Sequence[str]) -> bool:
    span, slash, step = item.partition("/")
    if slash and not (_is_number(step) and int(step) > 0):
        return False
    if span in {"*", "?"}:
        return True
    ends = [_position(end, names) if end in names else end for end in span.split("-")]
    if len(ends) > 2 or not all(map(_is_number, ends)):
        return False
    numbers = [int(end) for end in ends]
    return low <= numbers[0] <= numbers[-1] <= high


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _position(name: str, names: Sequence[str]) -> str:
    return str(names.index(name) + (1 if names[0] == "jan" else 0))


def check_timezone(name: str) -> str:
    """Return the name of a time zone. Raises ConfigError if it is not in the zone database, if there is one here."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        if available_timezones():
            raise ConfigError(f'"{name}" is not a time zone: write one as "Europe/Paris"') from None
    return name


class TriggerEvent(Setting):
    """Run for every event of this name for which `expression` (CEL over `event`) holds, if there is one.

    The name may end in a wildcard, as in `"user/*"` (PROTOCOL 14.1).
    """

    event: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    expression: Expression | None = None

    def to_json(self) -> dict[str, Any]:
        """The trigger as registration wants it."""
        condition = {} if self.expression is None else {"expression": self.expression}
        return {"event": self.event, **condition}


class TriggerCron(Setting):
    """Run on a schedule of five fields (minute, hour, day of month, month, day of week).

    The times are in UTC, or in `timezone` (`"Europe/Paris"`). `jitter`, from 1 s to 5 min, spreads the starts.
    """

    cron: Annotated[str, AfterValidator(check_cron)]
    timezone: Annotated[str, AfterValidator(check_timezone)] | None = None
    jitter: Duration | None = None

    @model_validator(mode="after")
    def _check(self) -> TriggerCron:
        if self.timezone is not None and _ZONE.match(self.cron):
            raise ConfigError(f'"{self.cron}" names a time zone already: leave timezone="{self.timezone}" out')
        if self.jitter is not None and not _JITTER[0] <= parse_duration(self.jitter) <= _JITTER[1]:
            raise ConfigError(f"jitter={self.jitter!r} is not between 1s and 5m")
        return self

    def to_json(self) -> dict[str, Any]:
        """The trigger as registration wants it."""
        cron = self.cron if self.timezone is None else f"TZ={self.timezone} {self.cron}"
        return {"cron": cron} if self.jitter is None else {"cron": cron, "jitter": write_duration(self.jitter)}


Trigger: TypeAlias = TriggerEvent | TriggerCron | EventType[Any]
"""Anything that can start a function."""
