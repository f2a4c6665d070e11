"""Sending out what is ready and has its slots."""

from __future__ import annotations

import json
from dataclasses import replace

from inngest_py.dev.call import call_body, call_headers, call_url
from inngest_py.dev.decide.endings import cancel, fail
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.decisions import Call, Fetch
from inngest_py.dev.limits import throttle, timeouts
from inngest_py.dev.live import Live
from inngest_py.dev.model import DISCOVERY, Job, JobKind, JobStatus, Meter, RunStatus, StepStatus
from inngest_py.dev.notices import RunStarted, StepStarted
from inngest_py.dev.reply import overflow


def dispatch_one(turn: Turn) -> bool:
    """Send out one job that may go. Returns whether there was one."""
    while (job_id := turn.state.queue.take()) is not None:
        job = turn.state.jobs.get(job_id)
        if job is not None and job.status is JobStatus.READY:
            _dispatch(turn, turn.state.live[job.run_id], job)
            return True
    return False


def _dispatch(turn: Turn, live: Live, job: Job) -> None:
    limit = turn.state.rules.max_steps
    if len(live.memos) >= limit:
        fail(turn, live, overflow(f"The function run exceeded the step limit of {limit} steps."))
        return
    if live.run.started_at is None and not _begin(turn, live, job):
        return
    running = replace(job, status=JobStatus.RUNNING, generation=job.generation + 1, started_at=turn.now)
    turn.put(running)
    if job.step_id:
        _mark(turn, live, running)
    if job.kind is JobKind.FETCH:
        request = json.loads(job.request)
        turn.send(Fetch(job.id, running.generation, request["op"], request["opts"]))
    else:
        turn.send(_call(turn, live, running))


def _begin(turn: Turn, live: Live, job: Job) -> bool:
    """Start a run, if it is not too late for that, nor too early."""
    run = live.run
    if run.start_by is not None and turn.now >= run.start_by:
        cancel(turn, live, "timeout")
        return False
    if not _pass_gate(turn, live):
        turn.state.enqueue(live, job)
        return False
    function = turn.state.functions[run.function]
    finish_by = timeouts.finish_by(function, turn.now)
    turn.put(replace(run, status=RunStatus.RUNNING, started_at=turn.now, start_by=None, finish_by=finish_by))
    turn.tell(RunStarted(**turn.about(live), event=run.event_name))
    return True


def _pass_gate(turn: Turn, live: Live) -> bool:
    """Let a run through the gate of its throttle, or shut that until the run may pass."""
    gate = next((slot for slot in live.run.slots if slot.gate), None)
    rule = turn.state.functions[live.run.function].flow.throttle
    if gate is None or rule is None:
        return True
    meter = turn.state.meters.get((live.run.function, gate.name))
    start, tat = throttle.start_at(rule, None if meter is None else meter.tat, turn.now)
    if start > turn.now:
        turn.state.shut(gate, start)
        return False
    turn.put(Meter(live.run.function, gate.name, tat))
    return True


def _mark(turn: Turn, live: Live, job: Job) -> None:
    step = live.steps[job.step_id]
    started = step.started_at or turn.now
    turn.put(replace(step, status=StepStatus.RUNNING, started_at=started, attempts=job.attempt + 1))
    turn.tell(StepStarted(**turn.about(live), step_id=step.id, step=step.name, attempt=job.attempt))


def _call(turn: Turn, live: Live, job: Job) -> Call:
    """The call of a job. A new step may only be executed in place if nothing else of the run could find it too."""
    function = turn.state.functions[live.run.function]
    request_id = turn.ids.ulid(turn.now)
    force_plan = live.run.force_plan or (job.target == DISCOVERY and len(live.jobs) > 1)
    return Call(
        job.id,
        job.generation,
        call_url(function.url, job.target),
        call_headers(live, job, request_id),
        call_body(live, function, job, request_id, force_plan=force_plan),
    )
