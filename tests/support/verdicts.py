"""What must have come of a course of events, whatever went wrong on the way."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from typing import Any

import plans
from flows import CRONS, FAILURES, FLOWS, JITTER, LATER, MINUTE, SECOND, THROTTLE
from inngest_py.dev.model import FINAL, Buffer, Cancellation, Defer, Event, Job, Pause, Run, RunStatus, Step
from inngest_py.dev.simulation import START
from inngest_py.dev.state import State
from memory_store import MemoryStore


class Verdict:
    """Judges what is stored in the end. `acknowledged` are ids of events, `cancelled` ids of runs; `downtimes` are from
    when to when the server was down.
    """

    def __init__(
        self,
        store: MemoryStore,
        state: State,
        *,
        acknowledged: list[str],
        cancelled: set[str],
        downtimes: list[tuple[int, int]],
        now: int,
    ) -> None:
        kept = store.kept
        self.store = store
        self.state = state
        self.downtimes = downtimes
        self.now = now
        self.acknowledged = acknowledged
        self.cancelled = cancelled
        self.runs: list[Run] = sorted(kept[Run].values(), key=lambda run: (run.created_at, run.id))
        self.events: dict[str, Event] = kept[Event]
        self.steps: list[Step] = list(kept[Step].values())
        self.cancellations: list[Cancellation] = list(kept[Cancellation].values())
        self.data: dict[str, Any] = {event.id: json.loads(event.data) for event in self.events.values()}

    def check(self) -> None:
        """Raise AssertionError for what is not so."""
        self._check_the_end()
        self._check_the_starts()
        for run in self.runs:
            self._check_run(run)
        for step in self.steps:
            self._check_step(step)
        self._check_throttle([run.started_at for run in self._of("throttled") if run.started_at is not None])
        for slug in ("skipping", "replacing"):
            self._check_singleton(self._of(slug))
        for slug in CRONS:
            if slug in self.state.functions:
                self._check_ticks(slug)
        self._check_deferred()
        for cancellation in self.cancellations:
            self._check_cancellation(cancellation)

    def _check_the_end(self) -> None:
        kept, queue = self.store.kept, self.state.queue
        assert all(event_id in self.events for event_id in self.acknowledged)
        assert all(run.status in FINAL for run in self.runs)
        assert not [record for kind in (Job, Pause, Buffer, Defer) for record in kept[kind].values()]
        held = [slot for slot in queue._used if not slot.startswith("throttle:")]  # a gate opens by itself
        assert not held, f"slots are still held: {held}"

    def _of(self, slug: str) -> list[Run]:
        return [run for run in self.runs if run.function == slug]

    def _sent(self, slug: str) -> list[Event]:
        """The events for a function that are stored, the first of those with the same id."""
        found = [event for event in self.events.values() if event.name == f"t/{slug}"]
        return list({event.key: event for event in reversed(found)}.values())

    def _check_the_starts(self) -> None:
        """Every event has led to its runs, and to no others."""
        for slug in self.state.functions.keys() & FLOWS.keys():
            runs = [run for run in self._of(slug) if run.event_name == f"t/{slug}"]
            events = self._sent(slug)
            started = Counter(self.events[event_id].key for run in runs for event_id in run.events)
            match slug:
                case "limited":
                    self._check_rate(runs, events)
                case "settled":
                    self._check_debounce(runs, events)
                case "once":
                    keys = Counter(self.data[run.events[0]]["k"] for run in runs)
                    assert keys == Counter({self.data[event.id]["k"] for event in events})
                case "skipping":
                    assert set(started.values()) <= {1}
                    for event in events:
                        assert started[event.key] or self._was_busy(runs, event), f"{event} started nothing"
                case _:
                    assert started == Counter(event.key for event in events), f"{slug}: {started}"
        failed = [run for run in self._of("plain") if run.status is RunStatus.FAILED]
        assert len(self._of(FAILURES)) == len(failed)

    def _was_busy(self, runs: list[Run], event: Event) -> bool:
        return any(
            self._key(run) == self._key(event) and run.created_at <= event.received_at <= (run.ended_at or 0)
            for run in runs
        )

    def _key(self, of: Run | Event) -> str:
        key: str = self.data[of.events[0] if isinstance(of, Run) else of.id]["k"]
        return key

    def _check_rate(self, runs: list[Run], events: list[Event]) -> None:
        firsts = {event.id for event in events}
        again = [event for event in self.events.values() if event.name == "t/limited" and event.id not in firsts]
        taken = [(run.created_at, self._key(run)) for run in runs]
        taken += [(event.received_at, self._key(event)) for event in again]  # it counts, though it starts nothing
        for event in events:
            before = [at for at, key in taken if key == self._key(event) and at <= event.received_at]
            assert before, f"{event} is the first, and started nothing"
            assert event.received_at - max(before) < 20 * SECOND
        for one, other in combinations(runs, 2):
            near = other.created_at - one.created_at < 20 * SECOND
            assert not near or self._key(one) != self._key(other), f"{one} and {other}"

    def _check_debounce(self, runs: list[Run], events: list[Event]) -> None:
        for event in events:
            after = [run for run in runs if self._key(run) == self._key(event) and run.id > event.id]
            assert after, f"{event} started nothing"
            first = self.events[after[0].events[0]]
            assert first.received_at >= event.received_at
            assert after[0].created_at >= first.received_at + 5 * SECOND

    def _check_run(self, run: Run) -> None:
        """A run has ended as it would have without any mishap, or was cancelled, and there was a reason."""
        data = self.data[run.events[0]]
        if run.function == FAILURES or run.cron:
            assert run.status is RunStatus.COMPLETED or self._may_be_cancelled(run)
            return
        status, result = plans.meaning(data["plan"], data["n"])
        if run.status is RunStatus.CANCELLED:
            assert self._may_be_cancelled(run), f"{run} was cancelled"
            return
        assert run.status.value == status, f"{run} should be {status}"
        assert status == "Failed" or json.loads(run.output or "") == result, f"{run} should have {result}"
        if run.function == "stopped":
            assert not [stop for stop in self._stops(data["n"]) if run.created_at < stop < (run.ended_at or 0)]
        if run.function == "batched":
            assert len(run.events) == 3 or run.created_at >= self.events[run.events[0]].received_at + 5 * SECOND
        if run.function == "timed":
            assert (run.ended_at or 0) <= (run.started_at or 0) + 20 * SECOND
        if run.function == "delayed":
            assert (run.started_at or 0) >= self.events[run.events[0]].ts

    def _may_be_cancelled(self, run: Run) -> bool:
        ended = run.ended_at or 0
        if run.id in self.cancelled or any(self._fits(each, run) for each in self.cancellations):
            return True
        match run.function:
            case "stopped":
                return ended in self._stops(self.data[run.events[0]]["n"])
            case "timed":
                return ended >= (
                    run.created_at + 60 * SECOND if run.started_at is None else run.started_at + 20 * SECOND
                )
            case "replacing":
                return any(
                    other.created_at == ended and self._key(other) == self._key(run) for other in self._of(run.function)
                )
            case _:
                return False

    def _stops(self, number: int) -> list[int]:
        stops = [event for event in self.events.values() if event.name == "t/stop"]
        return [event.received_at for event in stops if self.data[event.id]["n"] == number]

    def _check_step(self, step: Step) -> None:
        """A timer fires when it is due; if the server was down then, when it was up again."""
        if step.op not in {"Sleep", "WaitForEvent"} or step.memo != "null" or step.ended_at is None:
            return
        run = self.store.kept[Run][step.run_id]
        row, _, place = step.id.partition(".")
        due = step.queued_at + self.data[run.events[0]]["plan"][int(row)][int(place)][1] * SECOND
        times = {due}
        for went, came in self.downtimes:
            times = {time for time in times if not went < time < came} | {came for time in times if went <= time < came}
        assert step.ended_at in times, f"{step} was due at {due}"

    def _check_ticks(self, slug: str) -> None:
        """A schedule fires when it should, once, and what is missed while the server is down is not made up for."""
        runs = [run for run in self._of(slug) if run.cron]
        ticks = Counter(self.events[run.events[0]].ts for run in runs)
        assert set(ticks.values()) <= {1}, f"{slug} fired twice: {ticks}"
        for run in runs:
            tick = self.events[run.events[0]].ts
            assert tick % MINUTE == 0
            assert 0 <= run.created_at - tick <= JITTER[slug], f"{run} comes too late or too early for {tick}"
        born = START
        for died, came in (*self.downtimes, (self.now, 0)):
            first = born - born % MINUTE + MINUTE
            for tick in range(first, died - JITTER[slug], MINUTE):
                assert tick in ticks, f"{slug} did not fire at {tick}, and the server was up from {born} to {died}"
            born = came

    def _check_deferred(self) -> None:
        """What a run has put off is done once it has ended, and once; what it has aborted is not."""
        done = Counter(
            (self.data[run.events[0]]["_inngest"]["parent_run_id"], self.data[run.events[0]]["of"])
            for run in self._of(LATER)
        )
        assert set(done.values()) <= {1}, f"done twice: {done}"
        for run in self.runs:
            wanted = {(run.id, name) for name in plans.deferred(self.data[run.events[0]].get("plan", []))}
            found = {key for key in done if key[0] == run.id}
            if run.status is not RunStatus.CANCELLED:
                assert found == wanted, f"{run} has put off {wanted}, and {found} was done"

    def _fits(self, cancellation: Cancellation, run: Run) -> bool:
        data = self.data[run.events[0]]
        after, unwanted = cancellation.started_after, cancellation.expression.rpartition(" ")[2]
        return (
            run.function == cancellation.function
            and run.created_at < cancellation.started_before
            and (after is None or run.created_at > after)
            and (not unwanted or data.get("n") != int(unwanted))
        )

    def _check_cancellation(self, cancellation: Cancellation) -> None:
        """Whatever fits has ended before, or is cancelled: those that were there at once, new ones as they come."""
        for run in self.runs:
            if self._fits(cancellation, run) and run.status is not RunStatus.CANCELLED:
                assert (run.ended_at or 0) <= cancellation.created_at, f"{run} fits {cancellation}, and went on"

    def _check_throttle(self, starts: list[int]) -> None:
        at_once, interval = THROTTLE
        starts.sort()
        for first, start in enumerate(starts):
            for last in range(first + at_once, len(starts)):
                earliest = start + (last - first - at_once + 1) * interval
                assert starts[last] >= earliest, f"throttled runs started at {starts}"

    def _check_singleton(self, runs: list[Run]) -> None:
        for one, other in combinations(runs, 2):
            assert self._key(one) != self._key(other) or other.created_at >= (one.ended_at or 0)
