"""What is decided, looked at turn by turn: a second reading of every rule, which must come to the same.

A ledger is shown all decisions about a happening in their order, once they are stored. It keeps accounts of its own,
from what functions registered, and raises `BrokenError` as soon as something does not hold. It never asks the
scheduler's state, so that it cannot share its mistakes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from accounts import Terms, terms_of
from breaking import broken
from fates import Fates
from flows import SAME, Config
from inngest_py.dev.decisions import Decision, Drop, Put, Tell
from inngest_py.dev.happenings import (
    CancelRequested,
    EventsReceived,
    Happening,
    InvokeRequested,
    RerunRequested,
    SignalSent,
    TimePassed,
)
from inngest_py.dev.model import (
    FINAL,
    Buffer,
    Cancellation,
    Defer,
    Event,
    Function,
    Job,
    JobStatus,
    Pause,
    PauseKind,
    Run,
    RunStatus,
    Step,
)
from inngest_py.dev.notices import EventAccepted, RunCancelled, RunSkipped

QUIET: Final = {"inngest/function.failed", "inngest/function.finished"}
ENDINGS: Final = {RunStatus.FAILED: "inngest/function.failed", RunStatus.CANCELLED: "inngest/function.cancelled"}
TIMER: Final = "inngest/scheduled.timer"


@dataclass(slots=True)
class Account:
    """A run, with what its function's rules meant for it when it was made."""

    run: Run
    data: dict[str, Any]
    terms: Terms


class Ledger:
    """The books. `configs` are all that functions have registered, by the name that tells the version."""

    def __init__(self) -> None:
        self.now = 0
        self.configs: dict[str, Config] = {}
        self.fates = Fates(lambda name: self._holder(name) is not None)
        self.active, self.events, self.data = self.fates.active, self.fates.events, self.fates.data
        self.live: dict[str, Account] = {}
        self.ended: dict[str, Account] = {}
        self.jobs: dict[str, Job] = {}
        self.pauses: dict[str, Pause] = {}
        self.defers: dict[tuple[str, str], Defer] = {}
        self.memos: dict[tuple[str, str], str] = {}
        self.cancellations: dict[str, Cancellation] = {}
        self.registered: list[tuple[int, str, Config | None]] = []
        self.counts: Counter[str] = Counter()
        self._open_turn(TimePassed())

    def read(self, now: int, happening: Happening, decisions: Iterable[Decision]) -> None:
        """Look at one turn. Raises BrokenError."""
        self.now = now
        self._open_turn(happening)
        for decision in decisions:
            match decision:
                case Put(record):
                    self._PUT.get(type(record), _ignore)(self, record)
                case Drop(record):
                    self._DROP.get(type(record), _ignore)(self, record)
                case Tell(notice):
                    self._TOLD.get(type(notice), _ignore)(self, notice)
                case _:
                    pass
        self._close_turn(happening)

    def _open_turn(self, happening: Happening) -> None:
        self._happening = happening
        self.fates.open(self.now)
        self._accepted: Counter[str] = Counter()
        self._accepted_names: Counter[tuple[str, str]] = Counter()
        self._doomed: dict[str, str] = {}
        self._resolved: dict[str, str] = {}
        self._over: list[Account] = []
        self._put_off: list[Defer] = []
        self._replaced: set[str] = set()
        self._taken: set[str] = set()
        self._told: set[str] = set()
        self._starting = ""
        if isinstance(happening, SignalSent):
            named = (each for each in self.pauses.values() if each.name == happening.signal)
            self._resolved.update({each.id: "" for each in named if each.kind is PauseKind.SIGNAL})
        if isinstance(happening, InvokeRequested) and happening.slug in self.active:
            self.fates.want(happening.event, happening.slug)

    # Events ----------------------------------------------------------------------------------------------------------

    def _event_accepted(self, notice: EventAccepted) -> None:
        event = self.events[notice.event_id]
        data = self.data[event.id]
        self.fates.accept(event, notice.functions)
        self._accepted[event.id] += 1
        self._accepted_names[event.name, data.get("run_id") or data.get("_inngest", {}).get("parent_run_id", "")] += 1
        for run_id, account in self.live.items():
            if account.terms.is_cancelled_by(event.name, data, account.data, self.now):
                self._doomed[run_id] = event.name
        for pause in self.pauses.values():
            if pause.kind is PauseKind.EVENT and pause.name == event.name:
                same = self.live[pause.run_id].data.get("n") == data.get("n")
                if same or pause.expression != SAME:
                    self._resolved[pause.id] = event.id

    def _run_skipped(self, notice: RunSkipped) -> None:
        if self.events[notice.event_id].name == TIMER:
            self.fates.check_tick(notice.function, notice.event_id, notice.reason)
        else:
            self.fates.found(notice.function, notice.event_id, notice.reason)

    # Runs -------------------------------------------------------------------------------------------------------------

    def _put_run(self, run: Run) -> None:
        if run.id in self.ended:
            broken("a run ends once", f"{self.ended[run.id].run} has become {run}")
        account = self.live.get(run.id)
        if account is None:
            self._make_run(run)
            return
        if account.run.started_at is None and run.started_at is not None:
            self._start_run(account, run)
        account.run = run
        if run.status in FINAL:
            self._over.append(self.live.pop(run.id))
            self.ended[run.id] = account
            if run.ended_at != self.now:
                broken("a run ends when it ends", run)

    def _make_run(self, run: Run) -> None:
        if run.status is not RunStatus.QUEUED or run.created_at != self.now:
            broken("a run begins with waiting", run)
        if run.function not in self.active:
            broken("only what is registered starts", run)
        if run.original:
            if not isinstance(self._happening, RerunRequested):
                broken("a run is repeated when that is asked for", run)
        elif not run.cron:
            for event_id in run.events:
                self.fates.found(run.function, event_id, "run")
        else:
            self.fates.check_tick(run.function, run.events[0], "run")
        data = self.data[run.events[0]]
        config = self.active[run.function]
        terms = terms_of(config, data, self.now, batch=bool(run.batch_id), repeated=bool(run.original))
        holder = self._holder(terms.single)
        if holder is not None:
            broken("there is one of a singleton", f"{run} is there besides {holder.run}")
        if terms.single:
            self._taken.add(terms.single)
        if run.max_attempts != config["steps"]["step"]["retries"]["attempts"] + 1:
            broken("a run has the attempts that its function says", run)
        if run.priority != terms.priority:
            broken("a run has the priority that its function says", f"{run} should have {terms.priority}")
        self.live[run.id] = Account(run, data, terms)

    def _holder(self, name: str) -> Account | None:
        return next((each for each in self.live.values() if name and each.terms.single == name), None)

    def _start_run(self, account: Account, run: Run) -> None:
        """A run starts: not before its time, nor after it, and only if there is room for it."""
        if self.now < self.events[run.events[0]].ts:
            broken("a run does not start before its event's time", run)
        start_by = account.terms.start_by
        if start_by is not None and self.now >= start_by:
            broken("a run does not start too late", run)
        for name, limit in account.terms.whole.items():
            used = sum(name in each.terms.whole for each in self.live.values() if each.run.started_at is not None)
            if used >= limit:
                broken("limits of runs are kept to", f"{run} starts, and {used} hold {name} already")
        self._starting = run.id
        config = self.active.get(run.function) or self._last(run.function)
        account.terms.start(config, self.now)
        if account.terms.gate is not None and not self.fates.meters.passes(
            account.terms.gate, config.get("throttle"), self.now
        ):
            broken("a throttle is kept to", f"{run} starts too early for {config.get('throttle')}")

    def _last(self, slug: str) -> Config:
        """What a function registered last, before it was left out."""
        return next(config for _, name, config in reversed(self.registered) if name == slug and config is not None)

    def _run_cancelled(self, notice: RunCancelled) -> None:
        account = self.ended[notice.run_id]
        run, terms, happening = account.run, account.terms, self._happening
        self._told.add(run.id)
        self.counts[f"cancelled by {'event' if '/' in notice.reason else notice.reason}"] += 1
        match notice.reason:
            case "request":
                just = isinstance(happening, CancelRequested) and happening.run_id == run.id
            case "timeout":
                end = terms.start_by if run.started_at is None else terms.finish_by
                just = end is not None and self.now >= end
            case "bulk cancellation":
                just = any(covers(each, run, account.data) for each in self.cancellations.values())
            case "singleton":
                just = bool(terms.single)
                self._replaced.add(terms.single)
            case name:
                just = self._doomed.get(run.id) == name
        if not just:
            broken("nothing is cancelled without a reason", f"{run}: {notice}")

    # What a run waits for ---------------------------------------------------------------------------------------------

    def _put_job(self, job: Job) -> None:
        old = self.jobs.get(job.id)
        running = job.status is JobStatus.RUNNING
        if running and (old is None or old.status is not JobStatus.RUNNING):
            self._dispatch(job, old)
        self.jobs[job.id] = job

    def _dispatch(self, job: Job, old: Job | None) -> None:
        if old is None or old.status is not JobStatus.READY or job.generation != old.generation + 1:
            broken("what is ready is sent out, each time with the next number", f"{old} has become {job}")
        account = self.live[job.run_id]
        for name, limit in account.terms.slots.items():
            used = self._used(name)
            if used >= limit:
                broken("limits of calls are kept to", f"{job} goes, and {used} hold {name} already")
        queue, self._starting = account.terms.queue(new=self._starting == job.run_id), ""
        for other in self.jobs.values():
            if other.status is JobStatus.READY and other.run_id != job.run_id:
                rival = self.live[other.run_id]
                same = rival.terms.queue(new=rival.run.started_at is None) == queue
                if same and _score(rival.run) < _score(account.run):
                    broken("the older one goes first", f"{account.run} goes before {rival.run}")

    def _used(self, name: str) -> int:
        return sum(
            job.status is JobStatus.RUNNING and name in self.live[job.run_id].terms.slots for job in self.jobs.values()
        )

    def _drop_job(self, job: Job) -> None:
        del self.jobs[job.id]

    def _put_pause(self, pause: Pause) -> None:
        rivals = [each for each in self.pauses.values() if each.kind is PauseKind.SIGNAL and each.name == pause.name]
        if pause.kind is PauseKind.SIGNAL and rivals:
            broken("one waits for a signal", f"{pause} waits besides {rivals}")
        self.pauses[pause.id] = pause

    def _drop_pause(self, pause: Pause) -> None:
        del self.pauses[pause.id]

    def _put_defer(self, defer: Defer) -> None:
        self.defers[defer.run_id, defer.id] = defer

    def _drop_defer(self, defer: Defer) -> None:
        found = self.defers.pop((defer.run_id, defer.id))
        if not found.aborted:
            self._put_off.append(found)

    def _put_cancellation(self, cancellation: Cancellation) -> None:
        self.cancellations[cancellation.id] = cancellation

    def _put_step(self, step: Step) -> None:
        if step.memo is None:
            return
        if self.memos.setdefault((step.run_id, step.id), step.memo) != step.memo:
            broken("a result stays what it was", step)

    def _put_function(self, function: Function) -> None:
        if function.archived_at is not None:
            self.active.pop(function.slug, None)
            self.registered.append((self.now, function.slug, None))
            return
        config = self.active[function.slug] = self.configs[function.name]
        self.registered.append((self.now, function.slug, config))
        self.fates.meters.learn(function.slug, config.get("throttle"))

    # At the end of a turn ---------------------------------------------------------------------------------------------

    def _close_turn(self, happening: Happening) -> None:
        self.fates.close()
        self._check_events(happening)
        for account in self._over:
            self._check_end(account)
        for name in self._replaced - self._taken:
            broken("nothing is cancelled without a reason", f"nobody took the place of {name}")
        for defer in self._put_off:
            if not self._accepted_names["inngest/deferred.schedule", defer.run_id]:
                broken("what was put off is done in the end", defer)
        if isinstance(happening, TimePassed):
            self._check_due()
        self._check_waiting()

    def _check_events(self, happening: Happening) -> None:
        """What was received was taken in, and has ended what it should."""
        received = happening.events if isinstance(happening, EventsReceived) else ()
        if any(self._accepted[event.id] != 1 for event in received):
            broken("each event that is received is taken in once", happening)
        for run_id, name in self._doomed.items():
            if run_id in self.live:
                broken("an event cancels what it should", f"{self.live[run_id].run} goes on after {name}")
        for pause_id, event_id in self._resolved.items():
            if pause_id in self.pauses:
                broken("a wait ends when what it waits for comes", f"{self.pauses[pause_id]} goes on after {event_id}")

    def _check_end(self, account: Account) -> None:
        run = account.run
        left: list[Any] = [job for job in self.jobs.values() if job.run_id == run.id]
        left += [pause for pause in self.pauses.values() if pause.run_id == run.id]
        if left or any(run_id == run.id for run_id, _ in self.defers):
            broken("nothing is left of what has ended", f"{run} has {left}")
        if run.status is RunStatus.CANCELLED and run.id not in self._told:
            broken("nothing is cancelled without a reason", run)
        names = [] if run.event_name in QUIET else ["inngest/function.finished"]
        own = ENDINGS.get(run.status, run.event_name)
        names += [own] if names and own != run.event_name else []
        for name in (*QUIET, *ENDINGS.values()):
            if self._accepted_names[name, run.id] != (name in names):
                broken("a run tells its end", f"{run} should send {names}, and {name} was sent otherwise")
        if (run.correlation or run.batch_id) and not run.original:
            for event_id in run.events:
                about = self.data[event_id].get("_inngest", {})
                if about.get("fn_id") == run.function and about.get("correlation_id") in self.pauses:
                    broken("who has invoked a run hears of its end", f"{self.pauses[about['correlation_id']]} goes on")

    def _check_due(self) -> None:
        """Once time has passed, nothing is left that is due: what waits ends."""
        late: list[Any] = [pause for pause in self.pauses.values() if pause.expires_at <= self.now]
        late += [job for job in self.jobs.values() if job.status is JobStatus.DELAYED and job.at <= self.now]
        late += [buffer for buffer in self.fates.buffers.values() if buffer.due <= self.now]
        for account in self.live.values():
            end = account.terms.start_by if account.run.started_at is None else account.terms.finish_by
            late += [account.run] if end is not None and end <= self.now else []
        if late:
            broken("what is due happens", late)

    def _check_waiting(self) -> None:
        """What is ready waits for something, and each run has something under way."""
        busy = {job.run_id for job in self.jobs.values()}
        busy.update(pause.run_id for pause in self.pauses.values() if pause.step_id)
        for run_id, account in self.live.items():
            if run_id not in busy:
                broken("a run goes on until it ends", f"nothing is under way for {account.run}")
        for job in self.jobs.values():
            if job.status is JobStatus.READY and not self._is_held(job, self.live[job.run_id]):
                broken("what is ready goes, if there is room", f"{job} waits for nothing")

    def _is_held(self, job: Job, account: Account) -> bool:
        terms = account.terms
        if any(self._used(name) >= limit for name, limit in terms.slots.items()):
            return True
        if account.run.started_at is not None:
            return False
        started = [each for each in self.live.values() if each.run.started_at is not None]
        if any(sum(name in each.terms.whole for each in started) >= limit for name, limit in terms.whole.items()):
            return True
        return terms.gate is not None and self.fates.meters.is_shut(terms.gate, self.now)

    _PUT: Final[dict[type, Callable[[Ledger, Any], None]]] = {
        Buffer: lambda self, buffer: self.fates.put_buffer(buffer),
        Cancellation: _put_cancellation,
        Defer: _put_defer,
        Event: lambda self, event: self.fates.put(event),
        Function: _put_function,
        Job: _put_job,
        Pause: _put_pause,
        Run: _put_run,
        Step: _put_step,
    }
    _DROP: Final[dict[type, Callable[[Ledger, Any], None]]] = {
        Buffer: lambda self, buffer: self.fates.drop_buffer(buffer),
        Defer: _drop_defer,
        Job: _drop_job,
        Pause: _drop_pause,
    }
    _TOLD: Final[dict[type, Callable[[Ledger, Any], None]]] = {
        EventAccepted: _event_accepted,
        RunCancelled: _run_cancelled,
        RunSkipped: _run_skipped,
    }


def covers(cancellation: Cancellation, run: Run, data: dict[str, Any]) -> bool:
    """Whether a cancellation in bulk is for a run."""
    after, unwanted = cancellation.started_after, cancellation.expression.rpartition(" ")[2]
    return (
        run.function == cancellation.function
        and run.created_at < cancellation.started_before
        and (after is None or run.created_at > after)
        and (not unwanted or data.get("n") != int(unwanted))
    )


def _ignore(_ledger: Ledger, _about: Any) -> None:
    pass


def _score(run: Run) -> tuple[int, str]:
    return run.created_at - run.priority, run.id
