"""What follows from an app's answer to a call (PROTOCOL 5.3, 6, 7, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from inngest_py.dev.decide.effects import Effect, Performance
from inngest_py.dev.decide.endings import complete, fail
from inngest_py.dev.decide.jobs import discover, put_back
from inngest_py.dev.decide.ops import perform
from inngest_py.dev.decide.steps import remember
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import CallAnswered
from inngest_py.dev.live import Live
from inngest_py.dev.model import Job, JobStatus, StepStatus
from inngest_py.dev.notices import CallFailed
from inngest_py.dev.problems import problem_of
from inngest_py.dev.reply import Done, Failed, ReplyOp, Report
from inngest_py.wire.ops import Opcode

_COALESCING: Final = 2
_UNKNOWN: Final = "function_not_found"
_LAZY: Final = frozenset({Opcode.DEFER_ADD, Opcode.DEFER_ABORT, Opcode.NONE})
_FIRST: Final = frozenset({Opcode.WAIT_FOR_EVENT, *_LAZY})
_ENDING: Final = frozenset({Opcode.RUN_COMPLETE, Opcode.SYNC_RUN_COMPLETE})


def answered(turn: Turn, happening: CallAnswered) -> None:
    """Deal with the answer to a call. One to an older dispatch of the job, or of a run that has ended, is ignored."""
    job = turn.state.jobs.get(happening.job_id)
    if job is None or job.generation != happening.generation or job.status is not JobStatus.RUNNING:
        return
    live = turn.state.live[job.run_id]
    match happening.reply:
        case Done(output):
            complete(turn, live, output)
        case Report() as report:
            _report(turn, live, job, report)
        case Failed() as failed:
            _failed(turn, live, job, failed)


def _failed(turn: Turn, live: Live, job: Job, failed: Failed) -> None:
    """Try again, or give the run up."""
    if failed.code == _UNKNOWN:
        failed = _unknown(turn, live, failed)
    last = failed.final or job.attempt + 1 >= job.max_attempts
    retry_at = None if last else failed.retry_after or _retry_at(turn, job)
    turn.tell(
        CallFailed(
            **turn.about(live),
            step_id=job.step_id,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            retry_at=retry_at,
            error=problem_of(failed.error),
        )
    )
    if retry_at is None:
        fail(turn, live, failed.error, failed.output)
        return
    remember(turn, job, job.step_id, dict(failed.error), retry_at)
    if (step := live.steps.get(job.step_id)) is not None:
        turn.put(replace(step, status=StepStatus.RETRYING, attempts=job.attempt + 1))
    put_back(turn, job, retry_at, job.attempt + 1)


def _unknown(turn: Turn, live: Live, failed: Failed) -> Failed:
    """The app does not know the function. If it has said so when it registered last, no retry will help."""
    function = turn.state.functions[live.run.function]
    if function.archived_at is None:
        return failed
    message = (
        f'function "{function.slug}" is gone: app "{function.app_id}" has registered without it, and does not know it '
        "any more"
    )
    return replace(failed, error={**failed.error, "message": message}, final=True)


def _retry_at(turn: Turn, job: Job) -> int:
    return turn.now + turn.state.rules.retry_delay(job.attempt, turn.ids.fraction())


def _report(turn: Turn, live: Live, job: Job, report: Report) -> None:
    """Perform the operations of a reply, and see how the run goes on."""
    _note(turn, live, report)
    group = turn.ids.job() if _coalesces(live, report.ops) else ""
    retry_at = report.retry_after or _retry_at(turn, job)
    effects = list[Effect]()
    for op in sorted(report.ops, key=_order):
        effects.append(perform(Performance(turn, live, job, op, group, report.no_retry, retry_at)))
        if live.run.id not in turn.state.live:
            return
    if Effect.RETRY not in effects:
        turn.drop(job)
        _go_on(turn, live, job, group, effects)


def _note(turn: Turn, live: Live, report: Report) -> None:
    """Remember the protocol version, and that steps must be planned while several are under way."""
    several = sum(op.code not in _LAZY and op.code not in _ENDING for op in report.ops) > 1
    version = report.version if live.run.version < 0 else live.run.version
    if version != live.run.version or (several and not live.run.force_plan):
        turn.put(replace(live.run, version=version, force_plan=several or live.run.force_plan))


def _coalesces(live: Live, ops: Sequence[ReplyOp]) -> bool:
    """Whether the operations of a reply are awaited together, so that only the last one runs the function again."""
    planned = [op for op in ops if op.code is Opcode.STEP_PLANNED]
    race = any(op.opts.get("parallelMode") == "race" for op in planned)
    return live.run.version >= _COALESCING and bool(planned) and not race


def _order(op: ReplyOp) -> int:
    """Waits first, so that no event is missed; the end of the run last, after the steps that come with it."""
    return 0 if op.code in _FIRST else 2 if op.code in _ENDING else 1


def _go_on(turn: Turn, live: Live, job: Job, group: str, effects: Sequence[Effect]) -> None:
    """Run the function again, unless something else that is under way will see to that."""
    if Effect.NUDGE in effects:
        discover(turn, live)
    elif group in live.groups or job.group in live.groups:
        return
    elif Effect.RESOLVED in effects:
        discover(turn, live)
    elif not live.outstanding:
        _stalled(turn, live)


def _stalled(turn: Turn, live: Live) -> None:
    """The reply moved nothing: ask again, but not for ever."""
    live.stalls += 1
    if live.stalls < turn.state.rules.max_stalls:
        discover(turn, live)
        return
    message = f"The app answered {live.stalls} times in a row without saying anything new."
    fail(turn, live, {"error": message, "name": "Error", "message": message})
