"""The life of a step: found, running, done, and how the run goes on after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from inngest_py.dev.decide.endings import fail
from inngest_py.dev.decide.jobs import discover
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.live import Live
from inngest_py.dev.model import Attempt, Job, Pause, Step, StepStatus
from inngest_py.dev.notices import StepCompleted, StepFailed, StepTimedOut
from inngest_py.dev.problems import problem_of
from inngest_py.dev.shapes import as_list, as_object
from inngest_py.dev.texts import text_of
from inngest_py.wire.ops import Opcode

_WRAPPED: Final = '{"data":'
_KEPT: Final = ("cause", "data", "message", "name", "noRetry", "stack")


def error_memo(error: Any, *, no_retry: bool = False) -> str:
    """The memo of an error; only known keys survive (PROTOCOL 6.3)."""
    fields = as_object(error)
    if fields is None:
        return '{"error":null}'
    kept = {key: value for key, value in fields.items() if key in _KEPT}
    if no_retry:
        kept["noRetry"] = True
    return text_of({"error": kept})


def unwrapped(memo: str, op: str) -> str:
    """The result of a step, out of its memo: most stand in an object's `data` (PROTOCOL 6.3)."""
    wrapped = op != Opcode.WAIT_FOR_EVENT and memo.startswith(_WRAPPED)
    return memo[len(_WRAPPED) : -1] if wrapped else memo


def find(
    turn: Turn,
    live: Live,
    step_id: str,
    *,
    name: str,
    op: str,
    status: StepStatus,
    opts: Mapping[str, Any] | None = None,
) -> Step:
    """The step as it is known, or a new one, with this name and status. `opts` may show its input (PROTOCOL 6.1)."""
    old = live.steps.get(step_id)
    given = old.input if old is not None and old.input is not None else _input(opts)
    if old is None:
        return Step(run_id=live.run.id, id=step_id, name=name, op=op, status=status, queued_at=turn.now, input=given)
    return replace(old, name=name or old.name, op=op, status=status, input=given)


def _input(opts: Mapping[str, Any] | None) -> str | None:
    """The arguments of a step as JSON text, if they are shown."""
    shown = as_list(opts.get("input")) if opts else None
    return None if shown is None else text_of(shown)


def remember(turn: Turn, job: Job, step_id: str, error: Any, retry_at: int) -> None:
    """Keep what went wrong in an attempt, and when the next one will be."""
    turn.put(
        Attempt(
            run_id=job.run_id,
            step_id=step_id,
            number=job.attempt,
            started_at=job.started_at or turn.now,
            ended_at=turn.now,
            retry_at=retry_at,
            error=text_of(error),
        )
    )


def began_at(turn: Turn, live: Live, job: Job | None) -> int:
    """When what is executed in place began: with its call, or when the step before it in the same call ended."""
    last = next((step.ended_at for step in reversed(live.steps.values()) if step.ended_at is not None), 0)
    started = None if job is None else job.started_at
    return max(last, started or turn.now)


def execution(turn: Turn, live: Live, step: Step, job: Job) -> dict[str, Any]:
    """What is different about a step once an execution of it has ended."""
    started = step.started_at or began_at(turn, live, job)
    return {
        "queued_at": min(step.queued_at, started),
        "started_at": started,
        "attempts": job.attempt + 1,
    }


def memoise(turn: Turn, live: Live, step: Step, memo: str, *, began: int, **changes: Any) -> None:
    """Store the result of a step, and tell. The first result counts; the run fails if its state gets too large.

    `began` is when what is told as the duration began; `changes` is what else is different about the step.
    """
    if step.id in live.memos:
        return
    done = replace(step, memo=memo, position=len(live.memos), ended_at=turn.now, **changes)
    turn.put(done)
    live.stalls = 0
    _tell(turn, live, done, turn.now - began)
    if live.size > turn.state.rules.max_state:
        limit = turn.state.rules.max_state
        message = f"The function run exceeded the state size limit of {limit} bytes."
        fail(turn, live, {"error": message, "name": "InngestErrStateOverflowed", "message": message})


def _tell(turn: Turn, live: Live, step: Step, duration: int) -> None:
    about: dict[str, Any] = {**turn.about(live), "step_id": step.id, "step": step.name}
    match step.status:
        case StepStatus.FAILED:
            attempt = max(step.attempts - 1, 0)
            turn.tell(StepFailed(**about, op=step.op, attempt=attempt, duration=duration, error=problem_of(step.error)))
        case StepStatus.TIMED_OUT:
            turn.tell(StepTimedOut(**about, op=step.op, duration=duration))
        case _:
            attempt = max(step.attempts - 1, 0)
            output = unwrapped(step.memo or "null", step.op)
            turn.tell(StepCompleted(**about, op=step.op, attempt=attempt, duration=duration, output=output))


def resolve(turn: Turn, pause: Pause, memo: str, status: StepStatus, error: str | None = None) -> None:
    """End a pause with a result, and let the run go on."""
    live = turn.state.live[pause.run_id]
    turn.drop(pause)
    step = replace(live.steps[pause.step_id], status=status, error=error)
    memoise(turn, live, step, memo, began=pause.created_at)
    go_on(turn, live, pause.group)


def go_on(turn: Turn, live: Live, group: str) -> None:
    """Run the function again, unless siblings that were reported together are still under way (PROTOCOL 8)."""
    if live.run.id in turn.state.live and group not in live.groups:
        discover(turn, live)
