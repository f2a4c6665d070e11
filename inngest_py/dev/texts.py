"""Events and errors as JSON text, joined from parts that are text already (PROTOCOL 1.3, 5.1, 15)."""

from __future__ import annotations

from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any

from inngest_py.dev.model import Event
from inngest_py.wire.canonical import canonical
from inngest_py.wire.codec import JSON, decode


def text_of(value: JSON) -> str:
    """A value as canonical JSON text. Raises InvalidJSONError if it has none."""
    if value is None:
        return "null"
    return canonical(value).decode()


def quoted(text: str) -> str:
    """A string as JSON text."""
    return encode_basestring(text)


def event_text(event: Event, *, bare: bool = False) -> str:
    """An event as an app sees it. A bare one leaves an empty `user` out."""
    user = "" if bare and event.user == "{}" else f',"user":{event.user}'
    version = f',"v":{quoted(event.v)}' if event.v else ""
    key, name = quoted(event.key or event.id), quoted(event.name)
    return f'{{"data":{event.data},"id":{key},"name":{name},"ts":{event.ts}{user}{version}}}'


def events_text(events: Iterable[Event], *, bare: bool = False) -> str:
    """Events as a JSON list."""
    return "[" + ",".join(event_text(event, bare=bare) for event in events) + "]"


def event_value(event: Event) -> dict[str, Any]:
    """An event as an expression sees it: every number a double."""
    value: dict[str, Any] = doubles(decode(event_text(event).encode()))
    return value


def doubles(value: JSON) -> Any:
    """A JSON value with every number a double, as the real server has it."""
    if isinstance(value, dict):
        return {key: doubles(part) for key, part in value.items()}
    if isinstance(value, list):
        return [doubles(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
