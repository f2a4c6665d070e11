"""From what the scheduler keeps and the journal says to what a test is shown."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

from inngest_py.dev import model
from inngest_py.dev.decide.steps import unwrapped
from inngest_py.dev.texts import event_text
from inngest_py.engine.identity import key_of
from inngest_py.errors import StepError
from inngest_py.middleware.base import MemoOutput
from inngest_py.testing.journal import UNKNOWN, Journal, Met
from inngest_py.testing.moments import moment_of
from inngest_py.testing.results import Run, StepRun, Steps
from inngest_py.wire.codec import decode
from inngest_py.wire.event import Event, read_event
from inngest_py.wire.failure import step_error
from inngest_py.wire.ops import Opcode

_KINDS: Final = {
    Opcode.SLEEP: "sleep",
    Opcode.WAIT_FOR_EVENT: "wait_for_event",
    Opcode.WAIT_FOR_SIGNAL: "wait_for_signal",
    Opcode.INVOKE_FUNCTION: "invoke",
    Opcode.GATEWAY: "fetch",
    Opcode.AI_GATEWAY: "ai.infer",
}
_SPECIAL: Final = {"step.sendEvent": "send_event", "step.sendSignal": "send_signal", "step.ai.wrap": "ai.wrap"}


def run_of(run: model.Run, steps: list[model.Step], events: list[model.Event], journal: Journal) -> Run:
    """A run as a test sees it."""
    output = journal.output if journal.output is not UNKNOWN and run.output is not None else _json(run.output)
    failed = run.status is model.RunStatus.FAILED
    return Run(
        id=run.id,
        function=run.function,
        status=run.status,
        output=None if failed else output,
        error=step_error("", _json(run.error)) if failed else None,
        steps=Steps([_step(step, journal) for step in steps if _is_shown(step, journal)]),
        events=[read_event(_json(event_text(event))) for event in events],
        events_sent=tuple(journal.sent.values()),
        logs=tuple(journal.logs),
        calls=journal.calls,
        created_at=moment_of(run.created_at),
        started_at=None if run.started_at is None else moment_of(run.started_at),
        ended_at=None if run.ended_at is None else moment_of(run.ended_at),
    )


def _is_shown(step: model.Step, journal: Journal) -> bool:
    """Whether the function's own code has asked for a step."""
    return step.id in journal.steps


def _step(step: model.Step, journal: Journal) -> StepRun:
    met = journal.steps[step.id]
    last = met.attempts[-1] if met.attempts else None
    seen = journal.memos.get(step.id)
    output = None if step.memo is None or step.error is not None else _json(unwrapped(step.memo, step.op))
    if last is not None and last.error is None and step.memo is not None:
        output = last.output
    elif seen is not None:
        output = seen.data
    began = step.started_at if step.started_at is not None else None
    return StepRun(
        id=_numbered(met),
        kind=_kind(step, met),
        status=step.status,
        input=met.input,
        output=output,
        error=_error(step, met, seen),
        attempts=len(met.attempts) or step.attempts,
        queued_at=moment_of(step.queued_at),
        started_at=None if began is None else moment_of(began),
        ended_at=None if step.ended_at is None else moment_of(step.ended_at),
        detail=journal.names.get(step.id, ""),
    )


def _numbered(met: Met) -> str:
    """The id in the code, with its number if it was used before."""
    repeat = next(number for number in count() if key_of(met.id, number).hashed == met.hashed)
    return f"{met.id}:{repeat}" if repeat else met.id


def _kind(step: model.Step, met: Met) -> str:
    for code in (step.op, met.op):
        if code in _KINDS:
            return _KINDS[Opcode(code)]
    return _SPECIAL.get(str(met.opts.get("type")), "run")


def _error(step: model.Step, met: Met, seen: MemoOutput | None) -> StepError | None:
    if step.error is None:
        return None
    return step_error(met.id, _json(step.error) if seen is None or seen.error is None else seen.error)


def _json(text: str | None) -> Any:
    return None if text is None else decode(text.encode())


def event_of(event: model.Event) -> Event:
    """An event as an app sees it."""
    return read_event(_json(event_text(event)))
