"""Steps that an app saves while its function goes on (PROTOCOL 9.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from inngest_py.dev.decide import defers
from inngest_py.dev.decide.steps import began_at, execution, find, memoise
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import Checkpointed
from inngest_py.dev.live import Live
from inngest_py.dev.model import Job, StepStatus
from inngest_py.dev.reply import ReplyOp
from inngest_py.wire.ops import Opcode

_SAVED: Final = frozenset({Opcode.STEP, Opcode.STEP_RUN})
_ALLOWED: Final = _SAVED | {Opcode.STEP_PLANNED, Opcode.DEFER_ADD, Opcode.DEFER_ABORT}


def save(turn: Turn, happening: Checkpointed) -> str:
    """Save the steps; the answer is why not, or an empty string. A step that was saved before keeps its value."""
    live = turn.state.live.get(happening.run_id)
    if live is None:
        return "run not found"
    if any(op.code not in _ALLOWED for op in happening.ops):
        return "cannot checkpoint async steps"
    job = live.jobs.get(happening.job_id)
    for op in happening.ops:
        if live.run.id in turn.state.live:
            _take(turn, live, op, job)
    if job is not None and job.id in turn.state.jobs and job.attempt:
        turn.put(replace(job, attempt=0))
    return ""


def _take(turn: Turn, live: Live, op: ReplyOp, job: Job | None) -> None:
    if op.code in _SAVED:
        _save(turn, live, op, job)
    elif op.code is Opcode.DEFER_ADD:
        defers.add(turn, live, op)
    elif op.code is Opcode.DEFER_ABORT:
        defers.abort(turn, live, op)


def _save(turn: Turn, live: Live, op: ReplyOp, job: Job | None) -> None:
    step = find(
        turn,
        live,
        op.id,
        name=op.display_name or op.name or op.id,
        op=op.code.value,
        status=StepStatus.COMPLETED,
        opts=op.opts,
    )
    changes: dict[str, Any] = {} if job is None else {"error": None, **execution(turn, live, step, job)}
    memo = op.data if op.code is Opcode.STEP else f'{{"data":{op.data}}}'
    memoise(turn, live, step, memo, began=began_at(turn, live, job), **changes)
