"""Courses of events by chance, with everything that can go wrong, on a virtual clock; and what must hold all the time.

    Schedule(seed).run()

A schedule raises AssertionError, which says what does not hold, as soon as that is seen.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import plans
from durable_store import DurableStore
from flows import CRONS, FAILURES, FLOWS, FUNCTIONS, LATER, MINUTE, SECOND, THROTTLE
from inngest_py.dev.decide import decide
from inngest_py.dev.decisions import Call, Change, Drop, Fetch, Put
from inngest_py.dev.happenings import BulkCancelRequested, CancelRequested, Checkpointed, Happening, SignalSent
from inngest_py.dev.model import (
    DISCOVERY,
    Cancellation,
    Job,
    JobStatus,
    Meter,
    Run,
    Step,
)
from inngest_py.dev.reply import FetchReply, Reply, Report, unreachable
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.store.port import Store
from inngest_py.wire.ops import Opcode
from memory_store import MemoryStore
from verdicts import Verdict

CHOICE: Final = [slug for slug in FLOWS if slug != "child"]

ON_FILE: Final = 31
"""Of so many schedules one is on a file, which is opened again after each crash."""

CROWDED: Final = frozenset({"batched", "first", "settled", "throttled", "timed"})
"""What shows only when there are several runs."""

LATEST_FAULT: Final = 60
"""After so many moves nothing goes wrong any more."""

MOST_MOVES: Final = 600
RULES: Final = Rules(retry_interval=2 * SECOND)


class CrashedError(Exception):
    """The server has died."""


class Server(Simulation):
    """A server that may die before what was decided is stored, or after that and before anybody is told."""

    def __init__(self, seed: int, chance: random.Random, slugs: list[str], path: Path | None) -> None:
        functions = [FUNCTIONS[slug] for slug in slugs]
        self.kept = MemoryStore(functions) if path is None else DurableStore(functions, path)
        self.read: dict[tuple[str, int], plans.Call] = {}
        self.frail = 0.0
        self.torn: list[Change] = []
        self.downtimes: list[tuple[int, int]] = []
        self._chance = chance
        super().__init__(seed=str(seed).encode(), rules=RULES, store=cast("Store", self.kept))

    def happen(self, happening: Happening) -> Any:
        outcome = decide(self.state, self.now, happening, self.ids)
        if outcome.fault is not None:
            raise outcome.fault
        fate = self._chance.random() if self.frail else 1.0
        changes = [change for change in outcome.decisions if isinstance(change, (Put, Drop))]
        if fate < self.frail:
            self.torn = changes
            raise CrashedError
        self.kept.commit(changes)
        self.check([it.job_id for it in outcome.decisions if isinstance(it, (Call, Fetch))])
        if fate < 2 * self.frail:
            raise CrashedError
        for decision in outcome.decisions:
            if isinstance(decision, Call):
                self.read[decision.job_id, decision.generation] = self.check_call(decision)
            self._carry_out(decision)
        return outcome.answer

    def come_back(self, downtime: int) -> None:
        """Start again after a crash. Nobody is sent away meanwhile: this life is not frail before it is up."""
        frail, self.frail = self.frail, 0.0
        self.downtimes.append((self.now, self.now + downtime))
        self.now += downtime
        self.kept.crash(self.torn)
        self.torn = []
        self.restart()
        self.advance(0)
        self.frail = frail

    # What holds all the time ---------------------------------------------------------------------------------------

    def check(self, sent: list[str]) -> None:
        """Slots are kept to, and used; who was put off is not overtaken by the jobs that were sent out."""
        jobs, runs = self.kept.kept[Job].values(), self.kept.kept[Run]
        used = dict[str, int]()
        for job in jobs:
            for slot in runs[job.run_id].slots if job.status is JobStatus.RUNNING else ():
                if slot.gate:
                    continue
                used[slot.name] = used.get(slot.name, 0) + 1
                assert used[slot.name] <= slot.limit, f"too many calls hold {slot}"
        ready = [job for job in jobs if job.status is JobStatus.READY]
        for job in ready:
            slots = runs[job.run_id].slots
            held = any(used.get(slot.name, 0) >= slot.limit for slot in slots)
            assert held or self.is_throttled(runs[job.run_id]), f"{job} waits for nothing"
        for job_id in sent if ready else ():
            if job_id in self.kept.kept[Job]:
                self.check_order(runs[self.kept.kept[Job][job_id].run_id], [runs[other.run_id] for other in ready])

    def is_throttled(self, run: Run) -> bool:
        """Whether a run may not start now because others have."""
        (at_once, interval), gates = THROTTLE, [slot.name for slot in run.slots if slot.gate]
        meters = self.kept.kept[Meter].values()
        tats = [meter.tat for meter in meters if meter.key in gates]
        return run.started_at is None and any(tat - (at_once - 1) * interval > self.now for tat in tats)

    def check_order(self, run: Run, waiting: list[Run]) -> None:
        """No run that waits for the same slots comes before one that is dispatched."""
        for other in waiting:
            if other.slots == run.slots:
                assert _score(other) >= _score(run), f"{run.id} goes before {other.id}"

    def check_call(self, made: Call) -> plans.Call:
        """A call carries all memos of its run, and is for no step that has one."""
        job = self.kept.kept[Job][made.job_id]
        call = plans.Call(made.body, made.headers["X-Inngest-Step-Id"])
        steps = self.kept.kept[Step].values()
        stored = {step.id for step in steps if step.run_id == job.run_id and step.memo is not None}
        assert set(call.steps) == stored, f"the call has {set(call.steps)}, stored are {stored}"
        assert call.target not in stored, f"{call.target} is stored, and was asked for again"
        return call


def _score(run: Run) -> tuple[int, str]:
    """What a run's place in the queue follows from: of two of one time the first has the lower id."""
    return run.created_at - run.priority, run.id


class Schedule:
    """One course of events. `counts` is what happened, by kind. Of some the store is a file in a folder."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self._slugs = self.chance.sample(CHOICE, 2)
        path = folder / f"{seed}.db" if seed % ON_FILE == 0 else None
        self.server = Server(seed, self.chance, [*self._slugs, "child", FAILURES, LATER], path)
        self.counts: Counter[str] = Counter({"on a file": int(path is not None)})
        self._acknowledged: list[str] = []
        self._old: list[tuple[Call, Reply]] = []
        self._cancelled: set[str] = set()
        self._until = self.server.now + (4 * MINUTE if CRONS.keys() & set(self._slugs) else 0)
        self._to_send = self._events()

    def run(self) -> None:
        """Let it happen, and look at what has come of it."""
        try:
            self._run()
        finally:
            self.server.kept.close()

    def _run(self) -> None:
        for move in range(MOST_MOVES):
            self.server.frail = 0.03 if move < LATEST_FAULT else 0.0
            if self._is_over():
                break
            try:
                self._move(faulty=move < LATEST_FAULT)
            except CrashedError:
                self._crash()
        assert self._is_over(), f"not over: {self.server.state.live or self.server.state.buffers}"
        Verdict(
            self.server.kept,
            self.server.state,
            acknowledged=self._acknowledged,
            cancelled=self._cancelled,
            downtimes=self.server.downtimes,
            now=self.server.now,
        ).check()
        self.counts["ticks"] += sum(bool(run.cron) for run in self.server.kept.kept[Run].values())
        self.counts["deferred"] += sum(run.function == LATER for run in self.server.kept.kept[Run].values())

    def _is_over(self) -> bool:
        state = self.server.state
        return not (self._to_send or state.live or state.buffers) and self.server.now >= self._until

    def _events(self) -> list[dict[str, Any]]:
        """What will be sent: mostly to one or two functions."""
        chance = self.chance
        events = list[dict[str, Any]]()
        count = chance.choice((1, 2, 2, 3)) + (2 if self._slugs[0] in CROWDED else 0)
        for number in range(1, count + 1):
            slug = self._slugs[chance.random() > 0.8]
            plan = plans.make_plan(chance, number)
            data = {"n": number, "k": chance.choice("aab"), "p": str(chance.randint(-9, 9)), "plan": plan}
            event: dict[str, Any] = {"name": f"t/{slug}", "data": data, "id": f"event {number}"}
            if slug == "delayed":
                event["ts"] = self.server.now + chance.randint(0, 60 * SECOND)
            events.append(event)
            if slug == "stopped" and chance.random() < 0.8:
                events.append({"name": "t/stop", "data": {"n": number}})
        return events

    # Moves -----------------------------------------------------------------------------------------------------------

    def _move(self, *, faulty: bool) -> None:
        server, chance = self.server, self.chance
        if self._to_send and (chance.random() < 0.4 or not server.state.live):
            self._send()
        elif server.fetches:
            self._fetch(chance.choice(server.fetches), faulty=faulty)
        elif server.calls and chance.random() < 0.9:
            self._call(chance.choice(server.calls), faulty=faulty)
        elif faulty and chance.random() < 0.2:
            self._mishap()
        elif server.calls:
            self._pass(chance.randint(0, 5 * SECOND))
        elif (due := server.state.next_due()) is not None:
            self._pass(min(max(due - server.now, 0), 30 * SECOND))

    def _pass(self, milliseconds: int) -> None:
        self.counts["time passed"] += 1
        self.server.advance(milliseconds)

    def _send(self) -> None:
        """Send the next event; who is not answered sends it again."""
        event = self._to_send[0]
        ids = self.server.send(event)
        self._to_send.pop(0)
        self._acknowledged += ids
        self.counts["events"] += 1

    def _fetch(self, fetch: Fetch, *, faulty: bool) -> None:
        job = self.server.kept.kept[Job].get(fetch.job_id)
        if faulty and job is not None and job.attempt < 2 and self.chance.random() < 0.3:
            self.counts["failed fetches"] += 1
            self.server.fetched(fetch, FetchReply(url="http://other.test", fault="lost"))
        else:
            self.server.fetched(fetch, FetchReply("http://other.test", 200, {}, b"fetched"))

    def _call(self, made: Call, *, faulty: bool) -> None:
        """Have the app answer; the answer may be lost, or come twice."""
        call = self.server.read[made.job_id, made.generation]
        chance = self.chance.random() if faulty else 1.0
        if chance < 0.08 and call.attempt < 2:
            self.counts["lost calls"] += 1
            self.server.reply(made, unreachable("lost"))
            return
        reply = self._answer(call)
        if chance < 0.16 and call.attempt < 2:
            self.counts["lost answers"] += 1
            self.server.reply(made, unreachable("lost"))
            return
        if chance < 0.4:
            reply = self._checkpoint(call, made, reply)
        self.counts["calls"] += 1
        self._old.append((made, reply))
        self.server.reply(made, reply)
        if chance > 0.95:
            self.counts["double answers"] += 1
            self.server.reply(made, reply)

    def _answer(self, call: plans.Call) -> Reply:
        """What the app answers, after it has done what it executes for that."""
        reply, executed = plans.answer(call)
        match executed:
            case "ask":
                self.server.send({"name": "t/answer", "data": {"n": call.number}})
            case "signal":
                self.server.happen(SignalSent(f"signal {call.run_id}", str(call.number)))
        return reply

    def _checkpoint(self, call: plans.Call, made: Call, reply: Reply) -> Reply:
        """Have the app save the steps that it executes, and go on for as long as it can."""
        while isinstance(reply, Report) and call.target == DISCOVERY and reply.ops[0].code is Opcode.STEP_RUN:
            self.counts["checkpoints"] += 1
            self.server.happen(Checkpointed(call.run_id, made.job_id, reply.ops))
            if self.chance.random() < 0.2:
                again = replace(reply.ops[0], data='"again"')  # what was stored first counts
                self.server.happen(Checkpointed(call.run_id, made.job_id, (again,)))
            call.steps[reply.ops[0].id] = {"data": json.loads(reply.ops[0].data)}  # it is answered once
            reply = self._answer(call)
        return reply

    def _mishap(self) -> None:
        live = self.server.state.live
        match self.chance.randrange(5):
            case 0 if self._old:
                self.counts["late answers"] += 1
                self.server.reply(*self.chance.choice(self._old))
            case 1 if live and self.chance.random() < 0.3:
                run_id = self.chance.choice(list(live))
                if live[run_id].run.function == "child":
                    return
                self._cancelled.add(run_id)
                self.counts["cancelled by request"] += 1
                self.server.happen(CancelRequested(run_id))
            case 2 if live and self.chance.random() < 0.6:
                self._cancel_many()
            case _:
                raise CrashedError

    def _cancel_many(self) -> None:
        """Cancel runs of a function in bulk, one after the other: what a crash leaves of them is cancelled after it."""
        server, chance = self.server, self.chance
        now = server.now
        cancellation = Cancellation(
            id=server.ids.ulid(now),
            function=chance.choice(self._slugs),
            app_id="app",
            started_after=chance.choice((None, now - 5 * SECOND)),
            started_before=now + chance.choice((0, 0, 5 * SECOND, 30 * SECOND)),
            expression=chance.choice(("", f"event.data.n != {chance.randint(1, 3)}")),
            created_at=now,
        )
        self.counts["cancelled in bulk"] += 1
        for run_id in server.happen(BulkCancelRequested(cancellation)):
            server.happen(CancelRequested(run_id))

    def _crash(self) -> None:
        downtime = self.chance.choice((0, 0, 100, 3 * SECOND, 45 * SECOND))
        self.counts["crashes"] += 1
        self.server.come_back(downtime)
