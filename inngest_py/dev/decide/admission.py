"""From an event that a function wants to a run of it: the rules on the way (PROTOCOL 14).

Batching first; then rate limit, debounce, idempotency, singleton; then the run is made, with its priority, its slots
and its start, which the event's own time may put off. Concurrency and throttle act when it is dispatched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from inngest_py.dev.decide.cancellations import check
from inngest_py.dev.decide.endings import cancel, correlation_of
from inngest_py.dev.decide.jobs import discover
from inngest_py.dev.decide.turn import Refused, Turn
from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.flow import Batch, Debounce, SingletonMode
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
from inngest_py.dev.limits.keys import Value
from inngest_py.dev.model import Buffer, Claim, Event, Function, Meter, Run, RunStatus, Step
from inngest_py.dev.notices import RunQueued, RunSkipped
from inngest_py.dev.texts import event_value

_DUPLICATE: Final = "a duplicate"
_RATE: Final = "rate:"
_REPLACED: Final = "debounced: a newer event took its place"


def admit(turn: Turn, function: Function, event: Event, correlation: str = "") -> str:
    """Start a run of a function, or hold the event back. Returns why not, or an empty string."""
    value, batching, debouncing = _Value(event), function.flow.batch, function.flow.debounce
    if batching is not None and _fits(turn, batching, value):
        refused = _collect(turn, function, batching, event, value)
    else:
        refused = _over_rate(turn, function, value)
        if not refused and debouncing is not None:
            refused = _hold(turn, function, debouncing, event, value)
        elif not refused:
            refused = launch(turn, function, (event,), correlation=correlation)
    if refused:
        skip(turn, function, event, refused)
    return refused


def release(turn: Turn, buffer: Buffer) -> None:
    """Start the run that a buffer was kept for; if that cannot be, tell those who have invoked it."""
    turn.drop(buffer)
    function = turn.state.functions[buffer.function]
    events = tuple(turn.state.events[event_id] for event_id in buffer.events)
    if function.archived_at is not None:
        refused = "no longer registered"
    elif buffer.kind == batch.KIND:
        refused = launch(turn, function, events, batch_id=turn.ids.ulid(turn.now))
    else:
        refused = launch(turn, function, events, correlation=_invocation(events[0], function))
    for event in events if refused else ():
        _turn_away(turn, function, event, refused)


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
    claim = "" if batch_id else idempotency.event_claim(events[0])
    if claim and _is_claimed(turn, function.slug, claim):
        return _DUPLICATE
    single = _singleton(turn, function, value)
    if single is None:
        return "already running"
    if claim:
        turn.put(Claim(function.slug, claim, turn.now + turn.state.rules.claim_life))
    run = _run(turn, function, events, value, correlation=correlation, batch_id=batch_id, cron=cron, single=single)
    _start(turn, function, run, events[0])
    return ""


def repeat(turn: Turn, function: Function, events: tuple[Event, ...], original: Run, steps: Sequence[Step]) -> Run:
    """Make a run like another, which has `steps` to begin with. What would hold its event back does not apply.

    Nobody waits for it, and it is no run that there may be one of only. It takes its turn and its slots like any other.
    """
    batch_id = turn.ids.ulid(turn.now) if original.batch_id else ""
    value = _Value(events[0])
    made = _run(turn, function, events, value, correlation="", batch_id=batch_id, cron=original.cron, single="")
    run = replace(made, original=original.id, version=original.version)
    _start(turn, function, run, events[0], steps)
    return run


def skip(turn: Turn, function: Function, event: Event, reason: str) -> None:
    """Tell that an event starts no run."""
    turn.tell(RunSkipped(at=turn.now, function=function.slug, app=function.app_id, event_id=event.id, reason=reason))


def _turn_away(turn: Turn, function: Function, event: Event, reason: str) -> None:
    """What was held back starts no run. Have the step that waits for it, if one does, end now and not in its time."""
    skip(turn, function, event, reason)
    correlation = _invocation(event, function)
    if correlation:
        turn.later(Refused(correlation, reason))


def _invocation(event: Event, function: Function) -> str:
    """The invocation of a function that an event stands for, or an empty string."""
    return correlation_of(event_value(event), function.slug) if event.name == INVOKED else ""


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
        slots=concurrency.slots(function, value, turn.now) + throttle.gates(function, value, turn.now),
        priority=priority.offset(flow.priority, value, turn.now) if flow.priority else 0,
        start_by=None if batch_id else timeouts.start_by(function, turn.now),
        batch_id=batch_id,
        cron=cron,
        singleton=single,
    )


def _start(turn: Turn, function: Function, run: Run, event: Event, steps: Sequence[Step] = ()) -> None:
    turn.put(run)
    for step in steps:
        turn.put(replace(step, run_id=run.id))
    for pause in () if run.batch_id else cancellation.pauses(function, run.id, turn.now):
        turn.put(pause)
    at = max(turn.now, event.ts)
    live = turn.state.live[run.id]
    starts_at = max(at, _foreseen(turn, function, run))
    turn.tell(RunQueued(**turn.about(live), event=event.name, event_id=event.id, starts_at=starts_at))
    discover(turn, live, at)
    if turn.state.cancellations:
        check(turn, live)


def _foreseen(turn: Turn, function: Function, run: Run) -> int:
    """When a run may pass the gate of its throttle, as it looks now: behind those that wait for that already."""
    rule = function.flow.throttle
    if rule is None:
        return turn.now
    gate = run.slots[-1].name
    meter = turn.state.meters.get((function.slug, gate))
    before = turn.state.queue.waiting(gate) * rule.period / rule.limit
    return throttle.start_at(rule, None if meter is None else meter.tat + before, turn.now)[0]


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


def _fits(turn: Turn, rule: Batch, value: Value) -> bool:
    """Whether an event is for a batch; else it runs alone."""
    if not rule.condition:
        return True
    return compile_expression(rule.condition, EVENT).matches({"event": value()}, turn.now)


def _collect(turn: Turn, function: Function, rule: Batch, event: Event, value: Value) -> str:
    key = (function.slug, keys.key_text(rule.key, value, turn.now))
    held = _held(turn, key, batch.KIND)
    claim = idempotency.event_claim(event)
    if claim and _is_claimed(turn, function.slug, claim):
        return _DUPLICATE
    if claim:
        turn.put(Claim(function.slug, claim, turn.now + turn.state.rules.batch_claim_life))
    buffer = batch.collect(rule, key, held, event, turn.now)
    turn.put(buffer)
    if batch.full(rule, buffer):
        release(turn, buffer)
    return ""


def _hold(turn: Turn, function: Function, rule: Debounce, event: Event, value: Value) -> str:
    key = (function.slug, keys.key_text(rule.key, value, turn.now))
    held = _held(turn, key, debounce.KIND)
    known = None if held is None else (held, turn.state.held[key][held.events[0]])
    buffer = debounce.hold(rule, key, known, event, turn.now)
    turn.put(buffer)
    if event.id not in buffer.events:
        return _REPLACED
    if known is not None:
        _turn_away(turn, function, known[1], _REPLACED)
    return ""


def _held(turn: Turn, key: tuple[str, str], kind: str) -> Buffer | None:
    """What a rule holds back. What the function's former rule has held back, before it changed, starts now."""
    held = turn.state.buffers.get(key)
    if held is not None and held.kind != kind:
        release(turn, held)
        return None
    return held


def _over_rate(turn: Turn, function: Function, value: Value) -> str:
    """Why an event exceeds the rate of a function, or an empty string."""
    rule = function.flow.rate_limit
    if rule is None or (rule.key and keys.evaluate(rule.key, value, turn.now) is False):
        return ""
    key = _RATE + keys.key_text(rule.key, value, turn.now)
    meter = turn.state.meters.get((function.slug, key))
    tat = ratelimit.admit(rule, None if meter is None else meter.tat, turn.now)
    if tat is None:
        return _DUPLICATE if function.flow.idempotency else "rate limited"
    turn.put(Meter(function.slug, key, tat))
    return ""


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
