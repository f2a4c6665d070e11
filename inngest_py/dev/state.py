"""What is alive: active runs with their memos, jobs, pauses, timers, the queue, and the functions by what starts them.

It is rebuilt from the store at start. `apply` is the only way to change it, and takes the same changes as the store.
What has ended is not here: history is read from the store.
"""

from __future__ import annotations

from math import ceil

from inngest_py.dev.decisions import Change, Put
from inngest_py.dev.live import Live
from inngest_py.dev.model import (
    FINAL,
    App,
    Attempt,
    Buffer,
    Cancellation,
    Claim,
    Defer,
    Event,
    Function,
    Job,
    JobStatus,
    LogLine,
    Meter,
    Pause,
    PauseKind,
    Run,
    Slot,
    Step,
)
from inngest_py.dev.queue import Queue
from inngest_py.dev.rules import Rules
from inngest_py.dev.timers import TimerKind, Timers


class State:
    """All that the scheduler looks at."""

    __slots__ = (
        "apps",
        "buffers",
        "cancellations",
        "claims",
        "events",
        "functions",
        "held",
        "jobs",
        "live",
        "meters",
        "pauses",
        "queue",
        "rules",
        "signals",
        "singletons",
        "starters",
        "timers",
        "waits",
    )

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.apps: dict[str, App] = {}
        self.functions: dict[str, Function] = {}
        self.starters: dict[str, dict[str, None]] = {}
        self.live: dict[str, Live] = {}
        self.jobs: dict[str, Job] = {}
        self.pauses: dict[str, Pause] = {}
        self.waits: dict[str, dict[str, None]] = {}
        self.signals: dict[str, str] = {}
        self.singletons: dict[str, str] = {}
        self.claims: dict[tuple[str, str], Claim] = {}
        self.meters: dict[tuple[str, str], Meter] = {}
        self.buffers: dict[tuple[str, str], Buffer] = {}
        self.cancellations: dict[str, Cancellation] = {}
        self.events: dict[str, Event] = {}
        self.held: dict[tuple[str, str], dict[str, Event]] = {}
        self.queue = Queue()
        self.timers = Timers()

    def apply(self, change: Change) -> None:
        """Carry out one change."""
        if isinstance(change, Put):
            self._put(change)
        else:
            self._drop(change)

    def forget_events(self) -> None:
        """Forget the events of this turn, but for those that a run or a buffer has taken."""
        self.events.clear()

    def next_due(self) -> int | None:
        """When time has to be looked at again, in Unix milliseconds, or None if nothing waits."""
        return self.timers.next()

    def shut(self, gate: Slot, until: int) -> None:
        """Let no run through a gate for a time. This is not stored: after a restart it follows from the meter."""
        self.queue.hold((gate,))
        self.timers.set((TimerKind.GATE, gate.name), until)

    def _put(self, change: Put) -> None:
        match change.record:
            case Job() as job:
                self._put_job(job)
            case Step() as step:
                self._put_step(step)
            case Run() as run:
                self._put_run(run)
            case Pause() as pause:
                self._put_pause(pause)
            case Event() as event:
                self.events[event.id] = event
            case Attempt() | LogLine():
                pass  # it is history at once
            case Defer() as defer:
                self.live[defer.run_id].defers[defer.id] = defer
            case Claim() as claim:
                self.claims[claim.function, claim.key] = claim
                self.timers.set((TimerKind.CLAIM, claim.function, claim.key), claim.expires_at)
            case App() | Function() | Meter() | Buffer() | Cancellation() as other:
                self._put_other(other)

    def _put_other(self, record: App | Function | Meter | Buffer | Cancellation) -> None:
        match record:
            case App() as app:
                self.apps[app.id] = app
            case Function() as function:
                self._put_function(function)
            case Meter() as meter:
                self.meters[meter.function, meter.key] = meter
                self.timers.set((TimerKind.METER, meter.function, meter.key), ceil(meter.tat))
            case Buffer() as buffer:
                self._put_buffer(buffer)
            case Cancellation() as cancellation:
                self.cancellations[cancellation.id] = cancellation
                over = max(cancellation.started_before, cancellation.created_at + self.rules.claim_life)
                self.timers.set((TimerKind.CANCELLATION, cancellation.id), over)

    def _put_step(self, step: Step) -> None:
        live = self.live.get(step.run_id)
        if live is not None:
            live.put_step(step)

    def _drop(self, change: Change) -> None:
        match change.record:
            case Job() as job:
                self._drop_job(job)
            case Pause() as pause:
                self._drop_pause(pause)
            case Claim() as claim:
                self.claims.pop((claim.function, claim.key), None)
            case Meter() as meter:
                self.meters.pop((meter.function, meter.key), None)
            case Defer() as defer:
                del self.live[defer.run_id].defers[defer.id]
            case Cancellation() as cancellation:
                self.cancellations.pop(cancellation.id, None)
                self.timers.cancel((TimerKind.CANCELLATION, cancellation.id))
            case Buffer() as buffer:
                self.buffers.pop((buffer.function, buffer.key), None)
                self.events.update(self.held.pop((buffer.function, buffer.key)))
                self.timers.cancel((TimerKind.BUFFER, buffer.function, buffer.key))
            case other:
                raise TypeError(f"a {type(other).__name__} is never dropped")

    def _put_run(self, run: Run) -> None:
        if run.status in FINAL:
            self._end_run(run)
            return
        live = self.live.get(run.id)
        held = live is not None and live.run.started_at is not None
        if live is None:
            events = tuple(self.events[event_id] for event_id in run.events)
            live = self.live[run.id] = Live(run, events)
            if run.singleton:
                self.singletons[run.singleton] = run.id
        else:
            live.run = run
        if live.whole and run.started_at is not None and not held:
            self.queue.hold(live.whole)
        self._set_timer((TimerKind.START, run.id), run.start_by if run.started_at is None else None)
        self._set_timer((TimerKind.FINISH, run.id), run.finish_by)

    def _end_run(self, run: Run) -> None:
        live = self.live.pop(run.id, None)
        if live is not None and live.whole and run.started_at is not None:
            self.queue.release(live.whole)
        self.timers.cancel((TimerKind.START, run.id))
        self.timers.cancel((TimerKind.FINISH, run.id))
        if run.singleton:
            del self.singletons[run.singleton]

    def _set_timer(self, key: tuple[str, ...], due: int | None) -> None:
        if due is None:
            self.timers.cancel(key)
        else:
            self.timers.set(key, due)

    def _put_job(self, job: Job) -> None:
        live = self.live[job.run_id]
        live.put_job(job)
        old = self.jobs.get(job.id)
        if old is not None and old.status is JobStatus.RUNNING and job.status is not JobStatus.RUNNING:
            self.queue.release(live.lane)
        if job.status is JobStatus.DELAYED:
            self.timers.set((TimerKind.JOB, job.id), job.at)
        else:
            self.timers.cancel((TimerKind.JOB, job.id))
        if job.status is JobStatus.READY:
            self.enqueue(live, job)
        elif job.status is JobStatus.RUNNING and (old is None or old.status is not JobStatus.RUNNING):
            self.queue.hold(live.lane)
        self.jobs[job.id] = job

    def enqueue(self, live: Live, job: Job) -> None:
        """Have a job that is ready wait for its slots, behind those of older runs and older ones of its own."""
        run = live.run
        lane = live.lane if run.started_at is not None else run.slots
        self.queue.add(job.id, lane, (run.created_at - run.priority, run.id, live.places[job.id]))

    def _drop_job(self, job: Job) -> None:
        old = self.jobs.pop(job.id)
        live = self.live[old.run_id]
        self.timers.cancel((TimerKind.JOB, old.id))
        if old.status is JobStatus.RUNNING:
            self.queue.release(live.lane)
        live.drop_job(old)

    def _put_pause(self, pause: Pause) -> None:
        self.pauses[pause.id] = pause
        self.live[pause.run_id].put_pause(pause)
        self.timers.set((TimerKind.PAUSE, pause.id), pause.expires_at)
        if pause.kind in {PauseKind.EVENT, PauseKind.CANCEL}:
            self.waits.setdefault(pause.name, {})[pause.id] = None
        elif pause.kind is PauseKind.SIGNAL:
            self.signals[pause.name] = pause.id

    def _drop_pause(self, pause: Pause) -> None:
        old = self.pauses.pop(pause.id)
        self.live[old.run_id].drop_pause(old)
        self.timers.cancel((TimerKind.PAUSE, old.id))
        waiting = self.waits.get(old.name)
        if waiting is not None and old.kind in {PauseKind.EVENT, PauseKind.CANCEL}:
            waiting.pop(old.id, None)
            if not waiting:
                del self.waits[old.name]
        elif self.signals.get(old.name) == old.id:
            del self.signals[old.name]

    def _put_buffer(self, buffer: Buffer) -> None:
        """An event may be in the buffers of several functions: each holds it by itself."""
        key = (buffer.function, buffer.key)
        before = self.held.get(key, {})
        self.held[key] = {event_id: before.get(event_id) or self.events[event_id] for event_id in buffer.events}
        self.buffers[key] = buffer
        self.timers.set((TimerKind.BUFFER, *key), buffer.due)

    def _put_function(self, function: Function) -> None:
        old = self.functions.get(function.slug)
        for trigger in () if old is None else old.triggers:
            self.starters.get(trigger.event, {}).pop(function.slug, None)
        self.functions[function.slug] = function
        for trigger in function.triggers:
            if trigger.event and function.archived_at is None:
                self.starters.setdefault(trigger.event, {})[function.slug] = None
