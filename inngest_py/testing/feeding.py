"""What a test lets happen while a run goes on: events and signals that come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from inngest_py.config.event_type import EventType
from inngest_py.errors import UsageError
from inngest_py.testing.moments import span_of
from inngest_py.wire.event import Event

_EVENT: Final[type] = Event
_TYPE: Final[type] = EventType


@dataclass(frozen=True, slots=True)
class Fed:
    """An event, or a signal with data, that comes `after` so many milliseconds, or as soon as it is waited for."""

    what: Event[Any] | str
    data: Any = None
    after: int | None = None

    def __str__(self) -> str:
        """Say what it is."""
        return f'signal "{self.what}"' if isinstance(self.what, str) else f'event "{self.what.name}"'


def event(
    event: str | Event[Any] | EventType[Any],
    data: Mapping[str, Any] | object | None = None,
    *,
    after: str | timedelta | None = None,
) -> Fed:
    """An event that comes `after` a time from the start, as `"2h"`, or as soon as a run waits for one of its name.

    `event` is an event, or a name or an EventType with `data` beside it.
    """
    return Fed(_event(event, data), after=None if after is None else span_of(after))


def signal(signal: str, data: Any = None, *, after: str | timedelta | None = None) -> Fed:
    """A signal that is sent `after` a time from the start, or as soon as a run waits for it."""
    return Fed(signal, data, None if after is None else span_of(after))


def _event(given: object, data: Any) -> Event[Any]:
    fields: Any = {} if data is None else data
    if isinstance(given, _EVENT) and data is None:
        return cast("Event[Any]", given)
    if isinstance(given, _TYPE):
        return cast("EventType[Any]", given)(fields)
    if isinstance(given, str):
        return Event(name=given, data=fields)
    raise UsageError(f"testing.event takes an Event, or a name or an EventType with its data, not {given!r}")
