"""What there is to begin an event with, and to hold it against: what apps say of it, or else the latest of its name."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inngest_py.dev.event_types.example import example_of
from inngest_py.dev.event_types.parts import Part, parts_of
from inngest_py.dev.event_types.registered import Schema, schemas_of
from inngest_py.dev.store.port import EventFilter
from inngest_py.dev.ui.parlour import Parlour
from inngest_py.dev.ui.views.examples import MOST_SHOWN, NO_DATA, editable


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An example of an event's data as JSON text, and the fields that it has, as far as its schemas say."""

    example: str
    parts: tuple[Part, ...] = ()


async def offer(parlour: Parlour, name: str) -> Offer:
    """What there is for an event of a name."""
    schemas = _schemas(parlour, name)
    if schemas:
        text = json.dumps(example_of(schemas), indent=2, ensure_ascii=False)
        parts = dict.fromkeys(part for schema in schemas for part in parts_of(schema))
        return Offer(example=text if len(text) <= MOST_SHOWN else NO_DATA, parts=tuple(parts))
    engine = parlour.desk.engine
    latest = await engine.read(engine.store.events, EventFilter(name=name, limit=1)) if name else ()
    return Offer(example=editable(latest[0]) if latest else NO_DATA)


def typed(parlour: Parlour, name: str) -> bool:
    """Whether an app says what the data of an event looks like."""
    return bool(_schemas(parlour, name))


def faults(parlour: Parlour, name: str, data: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """What of an event's data is not as its schemas say, in sentences. More than anybody types is not looked at."""
    schemas = _schemas(parlour, name)
    if not schemas or len(text) > MOST_SHOWN:
        return ()
    # What checks takes long to import, and most do without.
    found: tuple[str, ...] = importlib.import_module("inngest_py.dev.event_types.mismatch").mismatches(schemas, data)
    return found


def _schemas(parlour: Parlour, name: str) -> Sequence[Schema]:
    return schemas_of(parlour.desk.engine.state.apps.values(), name)
