"""One event, in full."""

from __future__ import annotations

from dataclasses import dataclass

from inngest_py.dev.internal import PREFIX
from inngest_py.dev.model import Event
from inngest_py.dev.ui.views.values import Shown, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event. `key` is the id that its sender gave, if any. Times are Unix milliseconds."""

    id: str
    key: str
    name: str
    received_at: int
    ts: int
    internal: bool
    data: Shown


def event_view(event: Event) -> EventView:
    """An event, in full."""
    return EventView(
        id=event.id,
        key=event.key,
        name=event.name,
        received_at=event.received_at,
        ts=event.ts,
        internal=event.name.startswith(PREFIX),
        data=shown(event.data, f"/events/{event.id}/text"),
    )
