"""Events as they are sent, read and checked (PROTOCOL 10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from inngest_py.dev.ids import Ids
from inngest_py.dev.internal import INVOKED, PREFIX
from inngest_py.dev.model import Event
from inngest_py.dev.shapes import as_list, as_object
from inngest_py.dev.texts import text_of
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode
from inngest_py.wire.ulid import read_seed, seeded_ulid

MAX_EVENT: Final = 3 * 1024 * 1024
MAX_EVENTS: Final = 5000
_EARLIEST: Final = 315_532_800_000
_LATEST: Final = 4_102_444_800_000
_KINDS: Final[dict[type, str]] = {
    str: "string",
    list: "array",
    dict: "object",
    bool: "bool",
    int: "number",
    float: "number",
}


@dataclass(frozen=True, slots=True)
class Intake:
    """The events that were accepted, and why the next one was not; `error` is empty if all were."""

    events: tuple[Event, ...]
    error: str = ""


def read_events(body: bytes, seed: str | None, now: int, ids: Ids) -> Intake:
    """Read the body of `POST /e/<key>`: one event, or a list. A list is accepted up to the first mistake."""
    try:
        listed = _listed(body)
    except InvalidJSONError as error:
        return Intake((), str(error))
    known = read_seed(seed) if seed else None
    events = list[Event]()
    for number, value in enumerate(listed, 1):
        if number > MAX_EVENTS - (len(listed) > MAX_EVENTS):
            return Intake(tuple(events), f"Cannot have more than {MAX_EVENTS} events in a batch")
        event_id = ids.ulid(now) if known is None else seeded_ulid(*known, number)
        try:
            events.append(_event(value, event_id, now, seeded=known is not None))
        except InvalidJSONError as error:
            return Intake(tuple(events), str(error))
    return Intake(tuple(events))


def invoke_event(body: bytes, slug: str, now: int, ids: Ids) -> Event:
    """The event of `POST /invoke/<slug>` (PROTOCOL 10.2). Raises InvalidJSONError."""
    fields = as_object(decode(body) if body.strip() else {})
    if fields is None:
        raise InvalidJSONError("the body must be a JSON object")
    data = as_object(fields.get("data") or {})
    if data is None:
        raise InvalidJSONError("data must be a JSON object")
    about: dict[str, Any] = {
        "expire": 0,
        "fn_id": slug,
        "gid": "",
        "name": "",
        "source_app_id": "",
        "source_fn_id": "",
        "source_fn_v": 0,
    }
    return Event(
        id=ids.ulid(now),
        name=INVOKED,
        ts=now,
        received_at=now,
        data=text_of({**data, "_inngest": about}),
        user=text_of(as_object(fields.get("user")) or {}),
    )


def _listed(body: bytes) -> list[Any]:
    if not body.strip():
        return []
    value = decode(body)
    listed, single = as_list(value), as_object(value)
    if listed is not None:
        return listed
    if single is not None:
        return [single]
    raise InvalidJSONError("Request body must contain an event object or an array of event objects")


def _event(value: Any, event_id: str, now: int, *, seeded: bool) -> Event:
    fields = as_object(value)
    if fields is None:
        raise InvalidJSONError(f"json: cannot unmarshal {_kind(value)} into Go value of type event.raw")
    name = _text(fields, "name")
    if not name:
        raise InvalidJSONError("event name is empty")
    if name.lower().startswith(PREFIX):
        raise InvalidJSONError(f"event name is reserved for internal use: {name}")
    data = {key: part for key, part in _object(fields, "data").items() if key != "_inngest"}
    event = Event(
        id=event_id,
        key=_text(fields, "id"),
        name=name,
        ts=_time(fields, now),
        received_at=now,
        data=text_of(data),
        user=text_of(dict(_object(fields, "user"))),
        v=_text(fields, "v"),
        seeded=seeded,
    )
    size = len(event.data.encode()) + len(event.user) + len(name)
    if size > MAX_EVENT:
        raise InvalidJSONError(f"Event is over the max size: Max {MAX_EVENT} bytes / Size {size} bytes")
    return event


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "value")


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _mismatch(value, key, "string")
    return value


def _object(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = fields.get(key)
    if value is None:
        return {}
    found = as_object(value)
    if found is None:
        raise _mismatch(value, key, "map[string]interface {}")
    return found


def _time(fields: Mapping[str, Any], now: int) -> int:
    value = fields.get("ts")
    if value is None or value == 0:
        return now
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mismatch(value, "ts", "int64")
    if value < _EARLIEST:
        raise InvalidJSONError("timestamp is before Jan 1, 1980")
    if value > _LATEST:
        raise InvalidJSONError("timestamp is after Jan 1, 2100")
    return value


def _mismatch(value: Any, key: str, wanted: str) -> InvalidJSONError:
    shown = f"number {value}" if isinstance(value, float) else _kind(value)
    return InvalidJSONError(f"json: cannot unmarshal {shown} into Go struct field raw.{key} of type {wanted}")
