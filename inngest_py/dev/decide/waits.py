"""Sleeping, waiting for an event, waiting for a signal (PROTOCOL 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inngest_py.dev.decide.effects import Effect, Performance
from inngest_py.dev.decide.endings import fail
from inngest_py.dev.decide.steps import find, memoise, resolve
from inngest_py.dev.duration import LONGEST, YEAR, iso, parse_moment
from inngest_py.dev.expression import compile_expression
from inngest_py.dev.model import Pause, PauseKind, StepStatus
from inngest_py.dev.notices import StepSleeping, StepWaiting
from inngest_py.dev.shapes import as_text
from inngest_py.errors import ConfigError


def sleep(it: Performance) -> Effect:
    """Resolve the step later."""
    text = _option(it.op.opts, "duration") or it.op.name
    until = _until(it, text)
    if until is None:
        return Effect.ENDED
    if until <= it.turn.now:
        return _at_once(it, StepStatus.COMPLETED)
    it.turn.put(find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.SLEEPING))
    pause(it, PauseKind.SLEEP, expires_at=until)
    it.turn.tell(StepSleeping(**it.turn.about(it.live), step_id=it.op.id, step=it.name, until=until))
    return Effect.PENDING


def wait_for_event(it: Performance) -> Effect:
    """Resolve the step when an event comes, or null when none has come in time."""
    name, condition = _option(it.op.opts, "event") or it.op.name, _option(it.op.opts, "if")
    if not name:
        return _give_up(it, "InvalidWait", f'step "{it.name}" waits for an event without a name')
    try:
        if condition:
            compile_expression(condition)
    except ConfigError as error:
        return _give_up(it, "InvalidExpression", str(error))
    return _wait(it, PauseKind.EVENT, name, condition, _option(it.op.opts, "timeout"))


def wait_for_signal(it: Performance) -> Effect:
    """Resolve the step when a signal comes. There is one waiter for a signal; a second one fails, or replaces it."""
    name = _option(it.op.opts, "signal")
    if not name:
        return _give_up(it, "InvalidWait", f'step "{it.name}" waits for a signal without a name')
    held = it.turn.state.signals.get(name)
    if held is not None and _option(it.op.opts, "conflict") != "replace":
        return _give_up(it, "SignalConflict", "Signal conflict; signal wait already exists for another run")
    if held is not None:
        resolve(it.turn, it.turn.state.pauses[held], "null", StepStatus.TIMED_OUT)
    return _wait(it, PauseKind.SIGNAL, name, "", _option(it.op.opts, "timeout") or iso(it.turn.now + YEAR))


def _wait(it: Performance, kind: PauseKind, name: str, condition: str, timeout: str) -> Effect:
    until = _until(it, timeout)
    if until is None:
        return Effect.ENDED
    if until <= it.turn.now:
        return _at_once(it, StepStatus.TIMED_OUT)
    it.turn.put(find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.WAITING))
    pause(it, kind, name=name, expression=condition, expires_at=until)
    about: dict[str, Any] = {**it.turn.about(it.live), "step_id": it.op.id, "step": it.name}
    it.turn.tell(StepWaiting(**about, op=it.op.code.value, awaited=name, expression=condition, until=until))
    return Effect.PENDING


def pause(it: Performance, kind: PauseKind, *, expires_at: int, name: str = "", expression: str = "") -> None:
    """Have the step wait."""
    it.turn.put(
        Pause(
            id=f"{it.live.run.id}.{it.op.id}",
            run_id=it.live.run.id,
            kind=kind,
            created_at=it.turn.now,
            expires_at=expires_at,
            step_id=it.op.id,
            name=name,
            expression=expression,
            group=it.group,
        )
    )


def _until(it: Performance, text: str) -> int | None:
    """When to wake up; None if that cannot be, and then the run has failed."""
    try:
        until = parse_moment(text, it.turn.now) if text else it.turn.now
    except (ValueError, OverflowError) as error:
        _give_up(it, "InvalidDuration", f'step "{it.name}": {error}')
        return None
    if until > it.turn.now + LONGEST:
        _give_up(it, "InngestErrTimeoutTooLong", f'step "{it.name}" would wait for more than 366 days')
        return None
    return until


def _at_once(it: Performance, status: StepStatus) -> Effect:
    step = find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=status)
    memoise(it.turn, it.live, step, "null", began=it.turn.now)
    return Effect.RESOLVED


def _give_up(it: Performance, name: str, message: str) -> Effect:
    fail(it.turn, it.live, {"error": message, "name": name, "message": message})
    return Effect.ENDED


def _option(opts: Mapping[str, Any], key: str) -> str:
    return as_text(opts.get(key))
