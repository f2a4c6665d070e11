"""Events that are sent when a transaction is committed, and never of one that is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast
from uuid import uuid4

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.asyncio import async_unsafe

from inngest_django import outbox
from inngest_django.configuration import client_of_settings, outboxes
from inngest_py import Event, Inngest

_EVENTS: Final[tuple[type, ...]] = (Event,)
_SEVERAL: Final[tuple[type, ...]] = (Iterable,)
_ONE: Final[tuple[type, ...]] = (Event, str, bytes, Mapping)


@async_unsafe("You cannot call this from an async context: transactions are of plain code. Use sync_to_async.")
def send_on_commit(
    events: Event[Any] | Iterable[Event[Any]],
    using: str = DEFAULT_DB_ALIAS,
    *,
    client: Inngest | None = None,
    keep: bool | None = None,
) -> None:
    """Send an event or several when the transaction of a database is committed; at once if there is none.

    `using` is the database, for there may be several. With `keep`, or `INNGEST["OUTBOX"]`, the events are first kept
    in a table of that database, in the same transaction: then each is sent if and only if it is committed, whatever
    ends before it is sent, and what could not be sent at the commit is sent by `drain`. Otherwise they are only sent
    after the commit, which raises SendEventsError if that fails. Raises UnserializableError, here and not at the
    commit, for data that is no JSON.
    """
    found = _listed(events)
    sender = client_of_settings() if client is None else client
    if keep if keep is not None else using in outboxes():
        kept = outbox.keep(found, sender, using)
        # Not a partial: Django logs what is raised here with the name of the function, and a partial has none.
        transaction.on_commit(lambda: outbox.send_kept(kept, sender, using), using=using, robust=True)
        return
    for event in found:
        event.dump()
    transaction.on_commit(partial(_send, found, sender), using=using)


def _send(events: list[Event[Any]], client: Inngest) -> None:
    client.send_sync(events)


def _listed(events: Any) -> list[Event[Any]]:
    """Events with ids, so that they start their functions once if they are sent twice. Raises TypeError for others."""
    several = isinstance(events, _SEVERAL) and not isinstance(events, _ONE)
    found: list[Any] = list(cast("Iterable[Any]", events)) if several else [events]
    for event in found:
        if not isinstance(event, _EVENTS):
            raise TypeError(
                f'send_on_commit takes events, Event(name="order/placed", data={{...}}) or several, and not {event!r}'
            )
    return [event if event.id else replace(event, id=uuid4().hex) for event in found]
