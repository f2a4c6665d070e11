"""What becomes due as time passes, and what has to be taken up again after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from inngest_py.dev.cron import next_fire
from inngest_py.dev.decide import cancellations
from inngest_py.dev.decide.admission import launch, release, skip
from inngest_py.dev.decide.endings import cancel
from inngest_py.dev.decide.invokes import timed_out_error
from inngest_py.dev.decide.steps import resolve
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.duration import iso
from inngest_py.dev.happenings import Restarted, TimePassed
from inngest_py.dev.internal import timer_event
from inngest_py.dev.model import Function, JobStatus, PauseKind, Slot, StepStatus, Trigger
from inngest_py.dev.timers import TimerKind


def advance(turn: Turn, _: TimePassed) -> None:
    """Deal with everything that is due, one by one: what comes first may settle others.

    Should one of them fail, the rest is due still.
    """
    for kind, *names in turn.state.timers.pop(turn.now):
        _DUE[TimerKind(kind)](turn, *names)


def restart(turn: Turn, _: Restarted) -> None:
    """Take up what the last life of the server left: calls in flight are made again, schedules count from now."""
    for job in tuple(turn.state.jobs.values()):
        if job.status is JobStatus.RUNNING:
            turn.put(replace(job, status=JobStatus.READY, started_at=None))
    for function in turn.state.functions.values():
        schedule(turn, function)
    cancellations.finish(turn)


def schedule(turn: Turn, function: Function) -> None:
    """Set the timers of a function's schedules."""
    for trigger in function.triggers if function.archived_at is None else ():
        if trigger.cron:
            _schedule(turn, function, trigger, turn.now)


def _schedule(turn: Turn, function: Function, trigger: Trigger, after: int) -> None:
    due = next_fire(trigger.cron, after)
    if due is not None:
        delay = round(turn.ids.fraction() * trigger.jitter)
        turn.state.timers.set((TimerKind.CRON, function.slug, trigger.cron, str(due)), due + delay)


def _cron_due(turn: Turn, slug: str, cron: str, scheduled: str) -> None:
    function = turn.state.functions.get(slug)
    triggers = () if function is None or function.archived_at is not None else function.triggers
    trigger = next((trigger for trigger in triggers if trigger.cron == cron), None)
    if function is None or trigger is None:
        return
    event = timer_event(cron, _second(int(scheduled)), _second(turn.now), int(scheduled), turn.ids.ulid(turn.now))
    turn.put(event)
    refused = launch(turn, function, (event,), cron=cron)
    if refused:
        skip(turn, function, event, refused)
    _schedule(turn, function, trigger, max(int(scheduled), turn.now - trigger.jitter))


def _second(ms: int) -> str:
    return iso(ms)[:19] + "Z"


def _job_due(turn: Turn, job_id: str) -> None:
    turn.put(replace(turn.state.jobs[job_id], status=JobStatus.READY))


def _pause_due(turn: Turn, pause_id: str) -> None:
    pause = turn.state.pauses[pause_id]
    match pause.kind:
        case PauseKind.CANCEL:
            turn.drop(pause)
        case PauseKind.SLEEP:
            resolve(turn, pause, "null", StepStatus.COMPLETED)
        case PauseKind.INVOKE:
            error = timed_out_error()
            resolve(turn, pause, f'{{"error":{error}}}', StepStatus.FAILED, error)
        case PauseKind.EVENT | PauseKind.SIGNAL:
            resolve(turn, pause, "null", StepStatus.TIMED_OUT)


def _run_due(turn: Turn, run_id: str) -> None:
    cancel(turn, turn.state.live[run_id], "timeout")


def _buffer_due(turn: Turn, function: str, key: str) -> None:
    release(turn, turn.state.buffers[function, key])


def _claim_due(turn: Turn, function: str, key: str) -> None:
    """A claim whose time has come holds no longer."""
    turn.drop(turn.state.claims[function, key])


def _meter_due(turn: Turn, function: str, key: str) -> None:
    """A meter whose time has come counts no longer: without one the next run is admitted just the same."""
    turn.drop(turn.state.meters[function, key])


def _gate_due(turn: Turn, gate: str) -> None:
    turn.state.queue.release((Slot(gate, 1, gate=True),))


def _cancellation_due(turn: Turn, cancellation_id: str) -> None:
    turn.drop(turn.state.cancellations[cancellation_id])


_DUE: Final[dict[TimerKind, Callable[..., None]]] = {
    TimerKind.BUFFER: _buffer_due,
    TimerKind.CANCELLATION: _cancellation_due,
    TimerKind.CLAIM: _claim_due,
    TimerKind.CRON: _cron_due,
    TimerKind.FINISH: _run_due,
    TimerKind.GATE: _gate_due,
    TimerKind.JOB: _job_due,
    TimerKind.METER: _meter_due,
    TimerKind.PAUSE: _pause_due,
    TimerKind.START: _run_due,
}
