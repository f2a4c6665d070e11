"""From an event that a function wants to a run of it: the rules on the way (PROTOCOL 14).

Batching first; then rate limit, debounce, idempotency, singleton; then the run is made, with its priority, its slots
and its start, which a throttle or the event's own time may put off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from inngest_py.dev.decide.cancellations import check
from inngest_py.dev.decide.endings import cancel, correlation_of
from inngest_py.dev.decide.jobs import discover
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.duration import SECOND
from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.flow import SingletonMode
from inngest_py.dev.internal import INVOKED
from inngest_py.dev.limits import (
    batch,
    cancel as cancellation,
    concurrency,
    debounce,
    idempotency,
    keys,
    priority,
    ratelimit,
    singleton,
    throttle,
    timeouts,
)
from inngest_py.dev.live import Live
from inngest_py.dev.model import Buffer, Claim, Event, Function, Meter, Run, RunStatus
from inngest_py.dev.notices import RunQueued, RunSkipped
from inngest_py.dev.texts import event_value

Value = Callable[[], Mapping[str, Any]]
_RATE: Final = "rate:"
_THROTTLE: Final = "throttle:"
_LATE: Final = SECOND


def admit(turn: Turn, function: Function, event: Event, correlation: str = "") -> str:
    """Start a run of a function, or hold the event back. Returns why not, or an empty string."""
    value = _Value(event)
    if _batches(turn, function, value):
        return _collect(turn, function, event, value)
    refused = "rate limited" if not _within_rate(turn, function, value) else ""
    if not refused and function.flow.debounce is not None:
        return _hold(turn, function, event, value)
    refused = refused or launch(turn, function, (event,), correlation=correlation)
    if refused:
        turn.tell(
            RunSkipped(at=turn.now, function=function.slug, app=function.app_id, event_id=event.id, reason=refused)
        )
    return refused


def release(turn: Turn, buffer: Buffer) -> None:
    """Start the run that a buffer was kept for."""
    turn.drop(buffer)
    function = turn.state.functions[buffer.function]
    events = tuple(turn.state.event(event_id) for event_id in buffer.events)
    batched = buffer.kind == batch.KIND
    correlation = "" if batched or events[0].name != INVOKED else correlation_of(event_value(events[0]), function.slug)
    launch(turn, function, events, correlation=correlation, batch_id=turn.ids.ulid(turn.now) if batched else "")


def launch(
    turn: Turn,
    function: Function,
    events: tuple[Event, ...],
    *,
    correlation: str = "",
    batch_id: str = "",
    cron: str = "",
) -> str:
    """Make a run. Returns why not, or an empty string."""
    value = _Value(events[0])
    claimed = () if batch_id else idempotency.claims(function, events[0], value, turn.now)
    if any(_is_claimed(turn, function.slug, key) for key in claimed):
        return "a duplicate"
    single = _singleton(turn, function, value)
    if single is None:
        return "already running"
    for key in claimed:
        turn.put(Claim(function.slug, key, turn.now + turn.state.rules.claim_life))
    run = _run(turn, function, events, value, correlation=correlation, batch_id=batch_id, cron=cron, single=single)
    _start(turn, function, run, events[0], value)
    return ""


def late_start(turn: Turn, live: Live, due: int) -> int:
    """When a run may start whose start was due and did not come, because the server was down.

    A throttle puts it in line again: what has piled up does not start all at once.
    """
    if live.run.started_at is not None or turn.now - due < _LATE:
        return turn.now
    return _throttled(turn, turn.state.functions[live.run.function], lambda: live.value)


def _run(
    turn: Turn,
    function: Function,
    events: tuple[Event, ...],
    value: Value,
    *,
    correlation: str,
    batch_id: str,
    cron: str,
    single: str,
) -> Run:
    flow = function.flow
    return Run(
        id=turn.ids.ulid(turn.now),
        function=function.slug,
        app_id=function.app_id,
        status=RunStatus.QUEUED,
        events=tuple(event.id for event in events),
        event_name=events[0].name,
        created_at=turn.now,
        max_attempts=function.retries + 1,
        correlation=correlation,
        slots=concurrency.slots(function, value, turn.now),
        priority=priority.offset(flow.priority, value(), turn.now) if flow.priority else 0,
        start_by=None if batch_id else timeouts.start_by(function, turn.now),
        batch_id=batch_id,
        cron=cron,
        singleton=single,
    )


def _start(turn: Turn, function: Function, run: Run, event: Event, value: Value) -> None:
    turn.put(run)
    for pause in () if run.batch_id else cancellation.pauses(function, run.id, turn.now):
        turn.put(pause)
    at = max(turn.now, event.ts, _throttled(turn, function, value))
    live = turn.state.live[run.id]
    turn.tell(RunQueued(**turn.about(live), event=event.name, event_id=event.id, starts_at=at))
    discover(turn, live, at)
    if turn.state.cancellations:
        check(turn, live)


class _Value:
    """The value of an event, made when it is asked for: most functions have no expression."""

    __slots__ = ("_event", "_value")

    def __init__(self, event: Event) -> None:
        self._event = event
        self._value: Mapping[str, Any] | None = None

    def __call__(self) -> Mapping[str, Any]:
        if self._value is None:
            self._value = event_value(self._event)
        return self._value


def _batches(turn: Turn, function: Function, value: Value) -> bool:
    rule = function.flow.batch
    if rule is None or not rule.condition:
        return rule is not None
    return compile_expression(rule.condition, EVENT).matches({"event": value()}, turn.now)


def _collect(turn: Turn, function: Function, event: Event, value: Value) -> str:
    rule = function.flow.batch
    if rule is None:
        return ""
    key = (function.slug, keys.key_text(rule.key, value(), turn.now) if rule.key else "")
    held = turn.state.buffers.get(key)
    claim = idempotency.event_claim(event)
    if claim and _is_claimed(turn, function.slug, claim):
        return "a duplicate"
    if claim:
        turn.put(Claim(function.slug, claim, turn.now + turn.state.rules.batch_claim_life))
    buffer = batch.collect(rule, key, held, event, turn.now)
    turn.put(buffer)
    if batch.full(rule, buffer):
        release(turn, buffer)
    return ""


def _hold(turn: Turn, function: Function, event: Event, value: Value) -> str:
    rule = function.flow.debounce
    if rule is None:
        return ""
    key = (function.slug, keys.key_text(rule.key, value(), turn.now) if rule.key else "")
    held = turn.state.buffers.get(key)
    known = None if held is None else (held, turn.state.event(held.events[0]))
    turn.put(debounce.hold(rule, key, known, event, turn.now))
    return ""


def _within_rate(turn: Turn, function: Function, value: Value) -> bool:
    rule = function.flow.rate_limit
    if rule is None or function.flow.idempotency:
        return True
    if rule.key and keys.evaluate(rule.key, value(), turn.now) is False:
        return True
    key = _RATE + (keys.key_text(rule.key, value(), turn.now) if rule.key else "")
    meter = turn.state.meters.get((function.slug, key))
    tat = ratelimit.admit(rule, None if meter is None else meter.tat, turn.now)
    if tat is None:
        return False
    turn.put(Meter(function.slug, key, tat))
    return True


def _throttled(turn: Turn, function: Function, value: Value) -> int:
    rule = function.flow.throttle
    if rule is None:
        return turn.now
    key = _THROTTLE + (keys.key_text(rule.key, value(), turn.now) if rule.key else "")
    meter = turn.state.meters.get((function.slug, key))
    start, tat = throttle.start_at(rule, None if meter is None else meter.tat, turn.now)
    turn.put(Meter(function.slug, key, tat))
    return start


def _is_claimed(turn: Turn, function: str, key: str) -> bool:
    claim = turn.state.claims.get((function, key))
    return claim is not None and claim.expires_at > turn.now


def _singleton(turn: Turn, function: Function, value: Value) -> str | None:
    """The name that only one run may have, freed if need be; None if it is taken and stays so."""
    rule = function.flow.singleton
    if rule is None:
        return ""
    name = singleton.name(rule, function.slug, value, turn.now)
    holder = turn.state.singletons.get(name) if name else None
    if holder is not None:
        if rule.mode is SingletonMode.SKIP:
            return None
        cancel(turn, turn.state.live[holder], "singleton")
    return name
