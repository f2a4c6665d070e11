"""The events that the server itself sends (PROTOCOL 15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inngest_py.dev.ids import Ids
from inngest_py.dev.live import Live
from inngest_py.dev.model import Defer, Event, Function, Run, RunStatus, app_uuid, function_uuid
from inngest_py.dev.texts import event_text, events_text, quoted, text_of
from inngest_py.wire.codec import decode

DEFERRED: Final = "inngest/deferred.schedule"
CANCELLED: Final = "inngest/function.cancelled"
FAILED: Final = "inngest/function.failed"
FINISHED: Final = "inngest/function.finished"
INVOKED: Final = "inngest/function.invoked"
TIMER: Final = "inngest/scheduled.timer"
PREFIX: Final = "inngest/"

QUIET: Final = frozenset({FAILED, FINISHED})
"""A run that one of these started sends none of them: a handler that fails would start itself."""


def ending_events(live: Live, run: Run, now: int, ids: Ids) -> list[Event]:
    """The events that a run sends when it has ended as `run` says.

    One that a cancellation started and that is cancelled itself does not say so: what cancels it would go on for ever.
    """
    if run.event_name in QUIET:
        return []
    finished = Event(id=ids.ulid(now), name=FINISHED, ts=now, received_at=now, data=_ending(live, run))
    match run.status:
        case RunStatus.FAILED:
            return [_own(run, FAILED, now, ids, live), finished]
        case RunStatus.CANCELLED if run.event_name != CANCELLED:
            return [_own(run, CANCELLED, now, ids, live), finished]
        case _:
            return [finished]


def _own(run: Run, name: str, now: int, ids: Ids, live: Live) -> Event:
    """An event whose id is the run's; ours is another, because a run has two of them."""
    return Event(id=ids.ulid(now), key=run.id, name=name, ts=now, received_at=now, data=_ending(live, run))


def _ending(live: Live, run: Run) -> str:
    parts = [f'"_inngest":{{"status":"{run.status.value}"}}']
    if run.correlation:
        parts.append(f'"correlation_id":{quoted(run.correlation)}')
    if run.status is RunStatus.FAILED:
        parts.append(f'"error":{run.error}')
    parts.append(f'"event":{event_text(live.events[0])}')
    parts.append(f'"events":{events_text(live.events, bare=True)}')
    parts.append(f'"function_id":{quoted(run.function)}')
    if run.output is not None and run.status is not RunStatus.CANCELLED:
        parts.append(f'"result":{run.output}')
    parts.append(f'"run_id":{quoted(run.id)}')
    return "{" + ",".join(parts) + "}"


def invoked_event(
    *,
    data: Mapping[str, Any],
    user: Mapping[str, Any],
    v: str,
    source: Function,
    target: str,
    correlation: str,
    step: str,
    expires_at: int,
    now: int,
    ids: Ids,
) -> Event:
    """The event that starts an invoked function. The caller's data stands beside `_inngest` (PROTOCOL 15.3)."""
    about: dict[str, Any] = {
        "correlation_id": correlation,
        "expire": expires_at,
        "fn_id": target,
        "gid": ids.uuid(),
        "name": step,
        "source_app_id": app_uuid(source.app_id),
        "source_fn_id": source.uuid,
        "source_fn_v": source.version,
    }
    return Event(
        id=ids.ulid(now),
        name=INVOKED,
        ts=now,
        received_at=now,
        data=text_of({**data, "_inngest": about}),
        user=text_of(dict(user)),
        v=v,
    )


def deferred_event(run: Run, defer: Defer, now: int, ids: Ids) -> Event:
    """The event that starts what a run has put off to its end. Its input stands beside `_inngest` (PROTOCOL 6.4)."""
    about: dict[str, Any] = {
        "fn_slug": defer.function,
        "parent_app_id": app_uuid(run.app_id),
        "parent_defer_span": "",
        "parent_fn_id": function_uuid(run.app_id, run.function),
        "parent_fn_slug": run.function,
        "parent_run_id": run.id,
    }
    given: dict[str, Any] = decode(defer.input.encode())
    return Event(id=ids.ulid(now), name=DEFERRED, ts=now, received_at=now, data=text_of({**given, "_inngest": about}))


def timer_event(cron: str, scheduled: str, fire: str, ts: int, event_id: str) -> Event:
    """The event of a schedule; its visible id is the moment (PROTOCOL 15.4)."""
    data = text_of({"cron": cron, "fireAt": fire, "scheduledAt": scheduled})
    return Event(id=event_id, key=scheduled, name=TIMER, ts=ts, received_at=ts, data=data)
