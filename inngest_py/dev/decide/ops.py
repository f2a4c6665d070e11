"""What each operation of a reply does (PROTOCOL 6.2 to 6.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from inngest_py.dev.decide import defers, invokes, waits
from inngest_py.dev.decide.effects import Effect, Performance
from inngest_py.dev.decide.endings import complete
from inngest_py.dev.decide.jobs import enqueue, put_back
from inngest_py.dev.decide.steps import error_memo, execution, find, memoise, remember
from inngest_py.dev.model import JobKind, StepStatus
from inngest_py.dev.notices import StepRetrying
from inngest_py.dev.problems import problem_of
from inngest_py.dev.texts import text_of
from inngest_py.wire.ops import Opcode

_STEPLESS: Final = frozenset(
    {
        Opcode.NONE,
        Opcode.RUN_COMPLETE,
        Opcode.SYNC_RUN_COMPLETE,
        Opcode.DISCOVERY_REQUEST,
        Opcode.DEFER_ADD,
        Opcode.DEFER_ABORT,
    }
)


def perform(it: Performance) -> Effect:
    """Perform one operation, and say what it means for how the run goes on. What is already known stays as it is."""
    if it.op.code not in _STEPLESS:
        if it.op.id in it.live.memos:
            return Effect.NOTHING if it.op.code in _LASTING else Effect.RESOLVED
        if it.op.code in _LASTING and _under_way(it):
            return Effect.PENDING
    return _PERFORM[it.op.code](it)


def _under_way(it: Performance) -> bool:
    """Whether the step of this operation is already planned, or waited for: races report it again."""
    job = it.live.by_step.get(it.op.id)
    return (job is not None and job != it.job.id) or f"{it.live.run.id}.{it.op.id}" in it.turn.state.pauses


def _nothing(_: Performance) -> Effect:
    return Effect.NOTHING


def _nudge(_: Performance) -> Effect:
    return Effect.NUDGE


def _ran(it: Performance) -> Effect:
    return _executed(it, '{"data":' + it.op.data + "}")


def _given(it: Performance) -> Effect:
    return _executed(it, it.op.data)


def _executed(it: Performance, memo: str) -> Effect:
    found = find(
        it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.COMPLETED, opts=it.op.opts
    )
    began = it.job.started_at or it.turn.now
    memoise(it.turn, it.live, found, memo, began=began, error=None, **execution(it.turn, it.live, found, it.job))
    return Effect.RESOLVED


def _erred(it: Performance) -> Effect:
    """A step failed: try again while there are attempts, else it has failed for good (PROTOCOL 7.2)."""
    if it.no_retry or it.job.attempt + 1 >= it.job.max_attempts:
        return _failed(it)
    remember(it.turn, it.job, it.op.id, it.op.error, it.retry_at)
    error = text_of(it.op.error)
    found = find(
        it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.RETRYING, opts=it.op.opts
    )
    it.turn.put(replace(found, error=error, **execution(it.turn, it.live, found, it.job)))
    it.turn.tell(
        StepRetrying(
            **it.turn.about(it.live),
            step_id=it.op.id,
            step=it.name,
            attempt=it.job.attempt,
            max_attempts=it.job.max_attempts,
            retry_at=it.retry_at,
            duration=it.turn.now - (it.job.started_at or it.turn.now),
            error=problem_of(it.op.error),
        )
    )
    put_back(it.turn, it.job, it.retry_at, it.job.attempt + 1)
    return Effect.RETRY


def _failed(it: Performance) -> Effect:
    found = find(
        it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.FAILED, opts=it.op.opts
    )
    memo = error_memo(it.op.error, no_retry=it.no_retry)
    changes = execution(it.turn, it.live, found, it.job) | {"error": text_of(it.op.error)}
    memoise(it.turn, it.live, found, memo, began=it.job.started_at or it.turn.now, **changes)
    return Effect.RESOLVED


def _planned(it: Performance) -> Effect:
    it.turn.put(
        find(
            it.turn,
            it.live,
            it.op.id,
            name=it.name,
            op=Opcode.STEP_PLANNED.value,
            status=StepStatus.QUEUED,
            opts=it.op.opts,
        )
    )
    enqueue(it.turn, it.live, target=it.op.id, group=it.group, step_id=it.op.id)
    return Effect.PENDING


def _fetch(it: Performance) -> Effect:
    """Have the server make a request; the job keeps the attempt, because a retry asks the app again."""
    found = find(it.turn, it.live, it.op.id, name=it.name, op=it.op.code.value, status=StepStatus.QUEUED)
    it.turn.put(found)
    enqueue(
        it.turn,
        it.live,
        target=it.job.target,
        group=it.group or it.job.group,
        kind=JobKind.FETCH,
        step_id=it.op.id,
        request=text_of({"op": it.op.code.value, "opts": dict(it.op.opts)}),
        attempt=it.job.attempt,
    )
    return Effect.PENDING


def _done(it: Performance) -> Effect:
    complete(it.turn, it.live, it.op.data)
    return Effect.ENDED


def _defer(it: Performance) -> Effect:
    defers.add(it.turn, it.live, it.op)
    return Effect.NOTHING


def _abort(it: Performance) -> Effect:
    defers.abort(it.turn, it.live, it.op)
    return Effect.NOTHING


_LASTING: Final = frozenset(
    {
        Opcode.STEP_PLANNED,
        Opcode.SLEEP,
        Opcode.WAIT_FOR_EVENT,
        Opcode.WAIT_FOR_SIGNAL,
        Opcode.INVOKE_FUNCTION,
        Opcode.GATEWAY,
        Opcode.AI_GATEWAY,
    }
)

_PERFORM: Final[dict[Opcode, Callable[[Performance], Effect]]] = {
    Opcode.NONE: _nothing,
    Opcode.STEP: _given,
    Opcode.STEP_RUN: _ran,
    Opcode.STEP_ERROR: _erred,
    Opcode.STEP_FAILED: _failed,
    Opcode.STEP_PLANNED: _planned,
    Opcode.SLEEP: waits.sleep,
    Opcode.WAIT_FOR_EVENT: waits.wait_for_event,
    Opcode.WAIT_FOR_SIGNAL: waits.wait_for_signal,
    Opcode.INVOKE_FUNCTION: invokes.invoke,
    Opcode.GATEWAY: _fetch,
    Opcode.AI_GATEWAY: _fetch,
    Opcode.RUN_COMPLETE: _done,
    Opcode.SYNC_RUN_COMPLETE: _done,
    Opcode.DISCOVERY_REQUEST: _nudge,
    Opcode.DEFER_ADD: _defer,
    Opcode.DEFER_ABORT: _abort,
}
