"""Running another function as a step (PROTOCOL 6.4, 15.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from inngest_py.dev.decide.admission import admit
from inngest_py.dev.decide.effects import Effect, Performance
from inngest_py.dev.decide.endings import fail
from inngest_py.dev.decide.steps import find, memoise, resolve
from inngest_py.dev.decide.turn import Ended, Refused, Turn
from inngest_py.dev.decide.waits import pause
from inngest_py.dev.duration import LONGEST, YEAR, parse_moment
from inngest_py.dev.internal import invoked_event
from inngest_py.dev.model import Function, Pause, PauseKind, RunStatus, StepStatus
from inngest_py.dev.notices import StepInvoking
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.dev.texts import text_of

_REFUSED: Final = "invoked function is {}"
TIMED_OUT: Final = "Timed out waiting for invoked function to complete"


def invoke(it: Performance) -> Effect:
    """Start the function, and resolve the step when it ends. What makes that impossible is the step's error."""
    target = it.op.opts.get("function_id")
    function = it.turn.state.functions.get(target) if isinstance(target, str) else None
    if function is None or function.archived_at is not None:
        return _refuse(it, f"could not find function with ID: {target}")
    expires_at = _expiry(it)
    if expires_at is None:
        return Effect.ENDED
    return _start(it, function, expires_at)


def _start(it: Performance, function: Function, expires_at: int) -> Effect:
    fields = as_object(it.op.opts.get("payload")) or {}
    correlation = f"{it.live.run.id}.{it.op.id}"
    event = invoked_event(
        data=as_object(fields.get("data")) or {},
        user=as_object(fields.get("user")) or {},
        v=as_text(fields.get("v")),
        source=it.turn.state.functions[it.live.run.function],
        target=function.slug,
        correlation=correlation,
        step=it.name,
        expires_at=expires_at,
        now=it.turn.now,
        ids=it.turn.ids,
    )
    it.turn.put(event)
    it.turn.later(event)
    refused = admit(it.turn, function, event, correlation=correlation)
    if refused:
        return _refuse(it, _REFUSED.format(refused))
    if it.live.run.id not in it.turn.state.live:  # a singleton that invokes itself has taken its own place
        return Effect.ENDED
    it.turn.put(find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.WAITING))
    pause(it, PauseKind.INVOKE, name=function.slug, expires_at=expires_at)
    about: dict[str, Any] = {**it.turn.about(it.live), "step_id": it.op.id, "step": it.name}
    it.turn.tell(StepInvoking(**about, target=function.slug, until=expires_at))
    return Effect.PENDING


def _expiry(it: Performance) -> int | None:
    text = it.op.opts.get("timeout")
    try:
        until = parse_moment(text, it.turn.now) if isinstance(text, str) and text else it.turn.now + YEAR
    except (ValueError, OverflowError) as error:
        message = f'step "{it.name}": {error}'
        fail(it.turn, it.live, {"error": message, "name": "InvalidDuration", "message": message})
        return None
    return min(until, it.turn.now + LONGEST)


def _refuse(it: Performance, message: str) -> Effect:
    error = text_of({"message": message, "name": "Error"})
    step = find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.FAILED)
    memoise(it.turn, it.live, replace(step, error=error), f'{{"error":{error}}}', began=it.turn.now)
    return Effect.RESOLVED


def returned(turn: Turn, ended: Ended) -> None:
    """An invoked run has ended: resolve the step that waits for it."""
    pause = turn.state.pauses.get(ended.correlation)
    if pause is None:
        return
    match ended.run.status:
        case RunStatus.COMPLETED:
            resolve(turn, pause, f'{{"data":{ended.run.output}}}', StepStatus.COMPLETED)
        case RunStatus.FAILED:
            error = ended.run.error or "null"
            resolve(turn, pause, f'{{"error":{error}}}', StepStatus.FAILED, error)
        case _:
            _fail(turn, pause, "the invoked function was cancelled")


def refused(turn: Turn, it: Refused) -> None:
    """An invocation comes to nothing, which showed only later: its event was held back first."""
    pause = turn.state.pauses.get(it.correlation)
    if pause is not None:
        _fail(turn, pause, _REFUSED.format(it.reason))


def _fail(turn: Turn, pause: Pause, message: str) -> None:
    error = text_of({"error": message, "message": message, "name": "Error"})
    resolve(turn, pause, f'{{"error":{error}}}', StepStatus.FAILED, error)


def timed_out_error() -> str:
    """The error of an invocation that took too long, as JSON text (PROTOCOL 6.3)."""
    name = "InngestInvokeTimeoutError"
    return text_of({"error": f"{name}: {TIMED_OUT}", "message": TIMED_OUT, "name": name})
