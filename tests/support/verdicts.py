"""What must have come of a course of events in the end, whatever went wrong on the way, whatever its functions are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import plans
from breaking import broken
from flows import DEFERRED, MINUTE, SECOND, crons, milliseconds
from inngest_py.dev.model import FINAL, Buffer, Defer, Event, Job, Pause, Run, RunStatus, Step
from inngest_py.dev.state import State
from ledger import Account, Ledger, covers
from memory_store import MemoryStore


class Verdict:
    """Judges the end. `acknowledged` are ids of events, `unknown` ids of runs whose app has said that it does not know
    the function any more; `downtimes` are from when to when the server was down.
    """

    def __init__(
        self,
        store: MemoryStore,
        state: State,
        ledger: Ledger,
        *,
        acknowledged: list[str],
        unknown: set[str],
        downtimes: list[tuple[int, int]],
        born: int,
    ) -> None:
        self.kept = store.kept
        self.state = state
        self.ledger = ledger
        self.acknowledged = acknowledged
        self.unknown = unknown
        self.downtimes = downtimes
        self.born = born

    def check(self) -> None:
        """Raise BrokenError for what is not so."""
        self._check_the_end()
        self._check_ticks()
        children = self._children()
        deferred = self._deferred()
        for account in self.ledger.ended.values():
            self._check_result(account)
            self._check_invocations(account, children)
            self._check_deferred(account, deferred.get(account.run.id, []))
            self._check_cancellations(account)
        for step in self.kept[Step].values():
            self._check_step(step)

    def _check_the_end(self) -> None:
        missing = [event_id for event_id in self.acknowledged if event_id not in self.kept[Event]]
        if missing:
            broken("no acknowledged event is lost", missing)
        left = [record for kind in (Job, Pause, Buffer, Defer) for record in self.kept[kind].values()]
        left += [run for run in self.kept[Run].values() if run.status not in FINAL]
        if left:
            broken("nothing is left in the end", left)
        held = [slot for slot in self.state.queue._used if not slot.startswith("throttle:")]  # a gate opens by itself
        if held:
            broken("no slot is held in the end", held)

    def _check_result(self, account: Account) -> None:
        """A run has ended as it would have without any mishap, or was cancelled (and the ledger knows why)."""
        run, plan = account.run, account.data.get("plan", [])
        if run.status is RunStatus.CANCELLED or (run.id in self.unknown and run.status is RunStatus.FAILED):
            return
        if ["rival", ""] in [stage[0][:2] for stage in plan] and "SignalConflict" in (run.error or ""):
            return
        status, result = plans.meaning(plan, account.data.get("n", 0), run.max_attempts, self._given(account))
        if run.status.value != status:
            broken("a run ends as its function says", f"{run} should be {status}")
        if status == "Completed" and json.loads(run.output or "") != result:
            broken("a run has the result of its steps", f"{run} should have {result}")

    def _given(self, account: Account) -> dict[str, Any]:
        """The results that do not follow from a run's plan: of invocations, and what was taken over when it began."""
        run, memos = account.run, self.ledger.memos
        plan = account.data.get("plan", [])
        names = {f"{row}.0" for row, stage in enumerate(plan) if stage[0][0] in plans.OPEN}
        names.update(step for run_id, step in memos if run_id == run.original)
        given = {name: memos.get((run.id, name)) for name in names}
        return {name: json.loads(memo) for name, memo in given.items() if memo is not None}

    # Invoked functions -----------------------------------------------------------------------------------------------

    def _children(self) -> dict[str, list[Run]]:
        """The runs that were invoked, by who waits for them."""
        found = dict[str, list[Run]]()
        for account in self.ledger.ended.values():
            for event_id in () if account.run.original else account.run.events:
                about = self.ledger.data[event_id].get("_inngest", {})
                if about.get("correlation_id") and about["fn_id"] == account.run.function:
                    found.setdefault(about["correlation_id"], []).append(account.run)
        return found

    def _check_invocations(self, account: Account, children: dict[str, list[Run]]) -> None:
        for row, stage in enumerate(account.data.get("plan", [])):
            memo = self.ledger.memos.get((account.run.id, f"{row}.0"))
            taken_over = memo == self.ledger.memos.get((account.run.original, f"{row}.0"))
            if stage[0][0] == "invoke" and memo is not None and not taken_over:
                step = self.kept[Step][account.run.id, f"{row}.0"]
                self._check_invocation(stage[0], step, children.get(f"{account.run.id}.{step.id}", []))

    def _check_invocation(self, thing: list[Any], step: Step, runs: list[Run]) -> None:
        """What whoever invoked a function was told is what has come of it."""
        memo = json.loads(step.memo or "")
        if "data" in memo:
            just = any(
                run.status is RunStatus.COMPLETED and json.loads(run.output or "") == memo["data"] for run in runs
            )
        else:
            message = memo["error"]["message"]
            if message.startswith("Timed out"):
                just = (step.ended_at or 0) >= step.queued_at + milliseconds(thing[2])
            elif message == "the invoked function was cancelled":
                just = any(run.status is RunStatus.CANCELLED for run in runs)
            elif message.startswith("could not find"):
                just = not self._is_registered(thing[1], step.queued_at)
            elif message.startswith("invoked function is "):
                just = not runs
            else:
                failed = [run for run in runs if run.status is RunStatus.FAILED]
                just = any(json.loads(run.error or "") == memo["error"] for run in failed)
        if not just:
            broken("who invokes a function hears what came of it", f"{step} is not what came of {runs}")

    def _is_registered(self, slug: str, at: int) -> bool:
        """Whether a function was there all the time."""
        before = [config for when, name, config in self.ledger.registered if name == slug and when < at]
        during = [config for when, name, config in self.ledger.registered if name == slug and when == at]
        return bool(before) and None not in (*before[-1:], *during)

    # The rest --------------------------------------------------------------------------------------------------------

    def _deferred(self) -> dict[str, list[str]]:
        found = dict[str, list[str]]()
        for event in self.ledger.events.values():
            if event.name == DEFERRED:
                data = self.ledger.data[event.id]
                found.setdefault(data["_inngest"]["parent_run_id"], []).append(data["of"])
        return found

    def _check_deferred(self, account: Account, found: list[str]) -> None:
        """What a run has put off is done once it has ended, and once; what it has aborted is not."""
        run = account.run
        wanted = plans.deferred(account.data.get("plan", []), run.max_attempts)
        whole = run.status is not RunStatus.CANCELLED and run.id not in self.unknown
        whole = whole and "SignalConflict" not in (run.error or "")
        if len(found) != len(set(found)) or (set(found) != wanted if whole else False):
            broken("what is put off is done once", f"{run} has put off {wanted}, and {found} was done")

    def _check_cancellations(self, account: Account) -> None:
        """Whatever fits has ended before, or is cancelled: those that were there at once, new ones as they come."""
        run = account.run
        for cancellation in self.ledger.cancellations.values():
            late = run.status is not RunStatus.CANCELLED and (run.ended_at or 0) > cancellation.created_at
            if late and covers(cancellation, run, account.data):
                broken("what is cancelled in bulk ends", f"{run} fits {cancellation}, and went on")

    def _check_step(self, step: Step) -> None:
        """Who waits for a time does not wake up before it. That nobody oversleeps is looked at all the time."""
        if step.op not in {"Sleep", "WaitForEvent"} or step.memo != "null" or step.ended_at is None:
            return
        row, _, place = step.id.partition(".")
        account = self.ledger.ended[step.run_id]
        if (account.run.original, step.id) in self.ledger.memos:
            return  # it was taken over
        if step.ended_at < step.queued_at + account.data["plan"][int(row)][int(place)][1] * SECOND:
            broken("who waits for a time does not wake up before it", step)

    # Schedules -------------------------------------------------------------------------------------------------------

    def _check_ticks(self) -> None:
        """A schedule fires when it should, once, and what is missed while the server is down is not made up for."""
        ticks = Counter(self.ledger.fates.ticks)
        for (slug, cron, tick), count in ticks.items():
            if count > 1 or tick % _every(cron):
                broken("a schedule fires once, when it should", f"{cron} of {slug} fired at {tick}, {count} times")
        for slug, cron, jitter, begin, end in self._scheduled():
            for up, down in self._lives(begin, end):
                first = up - up % _every(cron) + _every(cron)
                for tick in range(first, down - jitter, _every(cron)):
                    if (slug, cron, tick) not in ticks:
                        broken("a schedule fires when it should", f"{cron} of {slug} did not fire at {tick}")

    def _scheduled(self) -> Iterator[tuple[str, str, int, int, int]]:
        """From when to when each function had each schedule, and how much later that may fire."""
        ledger = self.ledger
        for slug in {name for _, name, _ in ledger.registered}:
            entries = [(when, config) for when, name, config in ledger.registered if name == slug]
            begun = dict[tuple[str, int], int]()
            for (when, config), (until, _) in pairwise([*entries, (ledger.now, None)]):
                had = {} if config is None else {each: begun.get(each, when) for each in crons(config)}
                begun = had
                for (cron, jitter), since in had.items():
                    yield slug, cron, jitter, since, until

    def _lives(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """When the server was up within a time."""
        since = begin
        for died, came in self.downtimes:
            if came > since and died < end:
                yield since, died
                since = came
        yield since, end


def _every(cron: str) -> int:
    return 2 * MINUTE if cron.startswith("*/2") else MINUTE
