"""Events to begin with: the names that functions listen to, each with an example of its data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.model import Event, Function

MOST_SHOWN = 100_000


def event_names(functions: Iterable[Function]) -> tuple[str, ...]:
    """The names of events that start functions, in order; what the server itself sends is left out."""
    names = {trigger.event for each in functions if each.archived_at is None for trigger in each.triggers}
    return tuple(sorted(name for name in names if name and not name.startswith(PREFIX) and "*" not in name))


def examples(names: Iterable[str], latest: Mapping[str, Event]) -> dict[str, str]:
    """The data of the latest event of each name, to be edited."""
    return {name: editable(latest[name]) if name in latest else "{}" for name in names}


def editable(event: Event) -> str:
    """The data of an event as a person edits it, empty if it is too large for that."""
    if len(event.data) > MOST_SHOWN:
        return "{}"
    data = {key: value for key, value in json.loads(event.data).items() if key != "_inngest"}
    return json.dumps(data, indent=2, ensure_ascii=False)
