"""Events to begin with: the names that functions listen to, and data to be edited."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.model import Event, Function

MOST_SHOWN: Final = 100_000
"""How many characters a person edits."""

NO_DATA: Final = "{}"


def event_names(functions: Iterable[Function]) -> tuple[str, ...]:
    """The names of events that start functions, in order; what the server itself sends is left out."""
    names = {trigger.event for each in functions if each.archived_at is None for trigger in each.triggers}
    return tuple(sorted(name for name in names if name and not name.startswith(PREFIX) and "*" not in name))


def editable(event: Event) -> str:
    """The data of an event as a person edits it, empty if it is too large for that."""
    if len(event.data) > MOST_SHOWN:
        return NO_DATA
    data = {key: value for key, value in json.loads(event.data).items() if key != "_inngest"}
    return json.dumps(data, indent=2, ensure_ascii=False)
