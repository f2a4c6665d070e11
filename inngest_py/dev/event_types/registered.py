"""The events that apps describe, each by a name and the JSON Schema of its data. Only our own SDK tells of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from inngest_py.dev.decide.events import patterns
from inngest_py.dev.model import App
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.errors import UnserializableError
from inngest_py.wire.codec import encode
from inngest_py.wire.registration import LARGEST_SCHEMA

Schema: TypeAlias = Mapping[str, Any]

MAX_NAME: Final = 255
MOST: Final = 1_000_000
"""How many bytes of schemas are kept for an app."""


def read_event_types(value: object) -> str:
    """What a registration says of events, as JSON text; whatever is no name with a schema is left out."""
    kept, room = list[str](), MOST
    for entry in as_list(value) or ():
        text = _entry(as_object(entry) or {})
        if text and len(text) <= room:
            kept.append(text.decode())
            room -= len(text)
    return f"[{','.join(kept)}]"


def _entry(fields: Mapping[str, Any]) -> bytes:
    """An event as JSON text, its schema in the order in which it came; empty if it is none, or too large."""
    name, schema = as_text(fields.get("name")), as_object(fields.get("schema"))
    if not name or len(name) > MAX_NAME or not schema:
        return b""
    try:
        text = encode(schema)
    except UnserializableError:
        return b""
    return b'{"name":%b,"schema":%b}' % (encode(name), text) if len(text) <= LARGEST_SCHEMA else b""


def schemas_of(apps: Iterable[App], name: str) -> Sequence[Schema]:
    """What active apps say of an event's data, each schema once. A wildcard speaks where its app is not clearer."""
    found = list[Schema]()
    for app in apps:
        known = _by_name(app.event_types if app.archived_at is None else "[]")
        exact = known.get(name) or [each for pattern in patterns(name) for each in known.get(pattern, ())]
        found += [each for each in exact if each not in found]
    return found


@lru_cache(maxsize=64)
def _by_name(text: str) -> Mapping[str, Sequence[Schema]]:
    """The schemas of an app, by the name of the event."""
    found: dict[str, list[Schema]] = {}
    for each in json.loads(text):
        found.setdefault(each["name"], []).append(each["schema"])
    return found
