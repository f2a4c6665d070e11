"""The outbox: events that are kept in a table until an Inngest server has taken them.

A drainer first claims events for a while, in one statement that no two drainers win, and where the database can with
`SKIP LOCKED`, so that they do not even wait for each other. It then sends them, and deletes what was accepted. What a
drainer leaves behind that dies is claimed again when its time is over; then an event may be sent twice, under the same
id, and starts each of its functions once in 24 hours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import uuid4

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from inngest_django.configuration import client_of_settings, outboxes
from inngest_py import ContextSync, Event, Function, Inngest, TriggerCron

if TYPE_CHECKING:
    from inngest_django.models import OutboxEvent

BATCH: Final = 100
"""How many events are claimed, and sent in one request, at a time."""

CLAIM: Final = timedelta(minutes=5)
"""How long a claim holds: longer than a batch takes to be sent, even with all that is tried again."""

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=10)
"""How long an event waits that was refused, the first time and at most; it is never given up."""

ENOUGH: Final = 2
MANY: Final = 10

Now = Callable[[], datetime]

_LOGGER: Final = logging.getLogger("inngest_django")


def keep(events: Sequence[Event[Any]], client: Inngest, using: str) -> list[int]:
    """Put events into the outbox of a database, in its transaction; give their keys there."""
    now = timezone.now()
    return [row.pk for row in _outbox(using).bulk_create(_row(event, client, now) for event in events)]


def drain(
    client: Inngest | None = None,
    using: str = DEFAULT_DB_ALIAS,
    *,
    now: Now = timezone.now,
) -> int:
    """Send what is in the outbox of a database, of the settings' client if none is given; give how many were sent.

    May be called by as many as you like at the same time. What the server does not take stays there, and is tried
    again by a later call, after a pause that grows.
    """
    sender = client_of_settings() if client is None else client
    rows, total = _mine(sender, using), 0
    while sent := _send(_claim(rows, now()), sender, rows, now):
        total += sent
    return total


def send_kept(kept: Sequence[int], client: Inngest, using: str) -> int:
    """Send what was kept just now; give how many were sent. What cannot be sent stays where it is."""
    total = 0
    for rows in _portions(kept, client, using):
        sent = _send(_claim(rows, timezone.now()), client, rows, timezone.now)
        if not sent:
            break
        total += sent
    return total


def send_now(keys: Sequence[int], client: Inngest, using: str) -> int:
    """Send events that wait, whether their pause is over or not; give how many were sent.

    One that somebody else sends at the moment is left to them.
    """
    now = timezone.now()
    for rows in _portions(keys, client, using):
        rows.filter(claim="").update(not_before=now)
    return send_kept(keys, client, using)


def waiting(client: Inngest | None = None, using: str = DEFAULT_DB_ALIAS) -> int:
    """How many events are in the outbox of a database."""
    return _mine(client_of_settings() if client is None else client, using).count()


def declare_drain(cron: str) -> Function[int]:
    """Declare a function of the settings' client that drains its outboxes when a cron expression says."""
    client = client_of_settings()

    def drain_outbox(ctx: ContextSync) -> int:
        return sum(ctx.step.run(f"drain-{using}", drain, client, using) for using in outboxes() or (DEFAULT_DB_ALIAS,))

    trigger = TriggerCron(cron=cron)
    return client.create_function(fn_id="drain-outbox", trigger=trigger, retries=0, concurrency=1)(drain_outbox)


# The table -----------------------------------------------------------------------------------------------------------


def _outbox(using: str) -> QuerySet[OutboxEvent]:
    try:
        model = cast("type[OutboxEvent]", apps.get_model("inngest_django", "OutboxEvent"))
    except LookupError:
        raise ImproperlyConfigured('the outbox is a table: add "inngest_django" to INSTALLED_APPS') from None
    return model.objects.using(using)


def _mine(client: Inngest, using: str) -> QuerySet[OutboxEvent]:
    return _outbox(using).filter(app_id=client.app_id)


def _portions(keys: Sequence[int], client: Inngest, using: str) -> Iterator[QuerySet[OutboxEvent]]:
    """The rows with these keys, as many at a time as are sent at once."""
    for start in range(0, len(keys), BATCH):
        yield _mine(client, using).filter(pk__in=keys[start : start + BATCH])


def _row(event: Event[Any], client: Inngest, now: datetime) -> OutboxEvent:
    body = replace(event, ts=event.ts or int(now.timestamp() * 1000)).dump()
    model = _outbox(DEFAULT_DB_ALIAS).model
    return model(app_id=client.app_id, name=event.name, body=body, created_at=now, not_before=now)


# Claiming ------------------------------------------------------------------------------------------------------------


def _claim(rows: QuerySet[OutboxEvent], now: datetime) -> list[OutboxEvent]:
    """The next events that are due and nobody else's, ours for a while."""
    due, claim = rows.filter(not_before__lte=now), uuid4().hex
    features = connections[rows.db].features
    locking: Any = transaction.atomic(rows.db) if features.has_select_for_update_skip_locked else nullcontext()
    with locking:
        seen = due.select_for_update(skip_locked=True) if features.has_select_for_update_skip_locked else due
        keys = list(seen.order_by("pk").values_list("pk", flat=True)[:BATCH])
        # Whether it is due is asked once more: without locks somebody else may have been faster.
        won = due.filter(pk__in=keys).update(claim=claim, not_before=now + CLAIM)
    return list(rows.filter(claim=claim).order_by("pk")) if won else []


# Sending -------------------------------------------------------------------------------------------------------------


def _send(claimed: Sequence[OutboxEvent], client: Inngest, rows: QuerySet[OutboxEvent], now: Now) -> int:
    """Send what was claimed; give how many the server took. One that it does not take keeps no other back."""
    if not claimed:
        return 0
    problem = _try(claimed, client, rows)
    if problem is None:
        return len(claimed)
    if len(claimed) == 1:
        _put_off(claimed[0], problem, rows, now())
        return 0
    return _send_each(claimed, client, rows, now)


def _send_each(claimed: Sequence[OutboxEvent], client: Inngest, rows: QuerySet[OutboxEvent], now: Now) -> int:
    """Send one by one what could not be sent together. After two failures in a row the server is taken to be away."""
    sent = failures = 0
    for number, row in enumerate(claimed, start=1):
        problem = _try([row], client, rows)
        if problem is None:
            sent, failures = sent + 1, 0
            continue
        failures += 1
        _put_off(row, problem, rows, now())
        if failures == ENOUGH:
            _of(claimed[number:], rows).update(claim="", not_before=now())
            break
    return sent


def _try(claimed: Sequence[OutboxEvent], client: Inngest, rows: QuerySet[OutboxEvent]) -> str | None:
    """Send events, and forget them. What was wrong, if anything was."""
    try:
        client.send_sync([Event.load(row.body) for row in claimed])
    except Exception as error:
        return str(error) or type(error).__name__
    _of(claimed, rows).delete()
    return None


def _put_off(row: OutboxEvent, problem: str, rows: QuerySet[OutboxEvent], now: datetime) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(row.attempts, MANY), LONGEST_PAUSE)
    _LOGGER.warning("event %s (%s) stays in the outbox, for %s: %s", row.name, row.pk, pause, problem)
    _of([row], rows).update(claim="", not_before=now + pause, attempts=row.attempts + 1, problem=problem)


def _of(claimed: Sequence[OutboxEvent], rows: QuerySet[OutboxEvent]) -> QuerySet[OutboxEvent]:
    """These events, as far as they are still ours."""
    return rows.filter(pk__in=[row.pk for row in claimed], claim__in={row.claim for row in claimed})
