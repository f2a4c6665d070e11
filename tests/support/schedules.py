"""Courses of events by chance, with everything that can go wrong, on a virtual clock.

    Schedule(make_script(seed), folder).run()

Each move of the course has chance of its own, so that leaving out a part of the script, or a mishap, leaves the rest
much as it was.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, cast

import flows
import plans
from breaking import broken
from durable_store import DurableStore
from flows import MINUTE, SECOND, Config
from inngest_py.dev.decide import decide
from inngest_py.dev.decisions import Call, Change, Drop, Fetch, Put
from inngest_py.dev.happenings import (
    AppRemoved,
    BulkCancelRequested,
    CancelRequested,
    Checkpointed,
    Happening,
    InvokeRequested,
    RerunRequested,
    SignalSent,
)
from inngest_py.dev.ids import Ids
from inngest_py.dev.ingest import invoke_event
from inngest_py.dev.model import DISCOVERY, Cancellation, Event, Run, Step
from inngest_py.dev.reply import Failed, FetchReply, Reply, Report, unreachable
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.state import State
from inngest_py.dev.store.port import Store
from inngest_py.wire.codec import encode
from inngest_py.wire.ops import Opcode
from ledger import Ledger
from likeness import likeness
from memory_store import MemoryStore
from scripts import Script
from verdicts import Verdict

ON_FILE: Final = 31
"""Of so many schedules one is on a file, which is opened again after each crash."""

MOST_MOVES: Final = 900
MOST_IDS: Final = 500
"""That one turn draws."""

RULES: Final = Rules(retry_interval=2 * SECOND)
URL: Final = "http://app.test/x"


class CrashedError(Exception):
    """The server has died."""


class Finite(Ids):
    """Ids that run out within a turn: one that needs so many does not end."""

    __slots__ = ("left",)

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed)
        self.left = MOST_IDS

    def ulid(self, now: int) -> str:
        self.left -= 1
        if not self.left:
            broken("a turn comes to its end", f"it needs more than {MOST_IDS} ids")
        return super().ulid(now)


class Server(Simulation):
    """A server that may die before what was decided is stored, or after that and before anybody is told."""

    def __init__(self, seed: int, path: Path | None) -> None:
        self.kept = MemoryStore() if path is None else DurableStore((), path)
        self.ledger = Ledger()
        self.read: dict[tuple[str, int], plans.Call] = {}
        self.frail = 0.0
        self.torn: list[Change] = []
        self.downtimes: list[tuple[int, int]] = []
        self.chance = random.Random(seed)
        self._finite = Finite(str(seed).encode())
        super().__init__(rules=RULES, store=cast("Store", self.kept))
        self.ids = self._finite

    def happen(self, happening: Happening) -> Any:
        self._finite.left = MOST_IDS
        outcome = decide(self.state, self.now, happening, self.ids)
        if outcome.fault is not None:
            raise outcome.fault
        fate = self.chance.random() if self.frail else 1.0
        changes = [change for change in outcome.decisions if isinstance(change, (Put, Drop))]
        if fate < self.frail:
            self.torn = changes
            raise CrashedError
        self.kept.commit(changes)
        self.ledger.read(self.now, happening, outcome.decisions)
        if fate < 2 * self.frail:
            raise CrashedError
        for decision in outcome.decisions:
            if isinstance(decision, Call):
                self.read[decision.job_id, decision.generation] = self._check_call(decision)
            self._carry_out(decision)
        return outcome.answer

    def come_back(self, downtime: int) -> None:
        """Start again after a crash. Nobody is sent away meanwhile: this life is not frail before it is up."""
        frail, self.frail = self.frail, 0.0
        before = None if self.torn else likeness(self.state)
        self.downtimes.append((self.now, self.now + downtime))
        self.kept.crash(self.torn)
        self.torn = []
        if before is not None:
            self._check_likeness(before)
        self.now += downtime
        self.restart()
        self.advance(0)
        self.frail = frail

    def _loaded(self) -> State:
        state = State(RULES)
        for record in self.kept.load():
            state.apply(Put(record))
        state.forget_events()
        return state

    def _check_likeness(self, before: dict[str, Any]) -> None:
        """What is loaded is what was there: the same jobs in the same order, the same timers, the same counters."""
        after = likeness(self._loaded())
        for part, value in before.items():
            if after[part] != value:
                broken("after a restart all is as it was", f"{part} was {value}, and is {after[part]}")

    def _check_call(self, made: Call) -> plans.Call:
        """A call carries all memos of its run, and is for no step that has one."""
        job = self.ledger.jobs[made.job_id]
        call = plans.Call(made.body, made.headers["X-Inngest-Step-Id"])
        stored = {step for run_id, step in self.ledger.memos if run_id == job.run_id}
        known = {step for step, memo in call.steps.items() if "input" not in (memo or {})}
        if known != stored:
            broken("a call has all results", f"it has {set(call.steps)}, stored are {stored}")
        if call.target in stored:
            broken("what has a result is not done again", f"{call.target} of {job}")
        return call


@dataclass
class Schedule:
    """One course of events. `counts` is what happened, by kind, `trace` in order. Of some the store is a file."""

    script: Script
    folder: Path
    counts: Counter[str] = field(default_factory=Counter[str])
    trace: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        path = self.folder / f"{self.script.seed}.db" if self.script.seed % ON_FILE == 0 else None
        self.counts["on a file"] += path is not None
        self.server = Server(self.script.seed, path)
        self._chance = self.server.chance
        self._acknowledged: list[str] = []
        self._old: list[tuple[Call, Reply]] = []
        self._unknown: set[str] = set()
        self._app: set[str] = set()
        self._editions = list(self.script.editions)
        self._to_send = list(self.script.events)
        self._born = self.server.now
        ticking = any(True for config in self.script.functions.values() for _ in flows.crons(config))
        self._until = self._born + (3 * MINUTE if ticking else 0)
        self.server.ledger.configs.update(self.script.functions)

    def run(self) -> None:
        """Let it happen, and look at what has come of it."""
        try:
            self._run()
        finally:
            self.server.kept.close()

    def _run(self) -> None:
        self._edit()
        for move in range(MOST_MOVES):
            faulty = move < self.script.latest_fault and move not in self.script.calm
            self.server.frail = 0.03 if faulty else 0.0
            self.server.chance = self._chance = random.Random(self.script.seed << 10 | move)
            if self._is_over():
                break
            self._tell(f"move {move}")
            try:
                self._move(faulty=faulty)
            except CrashedError:
                self._crash()
        if not self._is_over():
            broken("all comes to an end", self.server.state.live or self.server.state.buffers)
        Verdict(
            self.server.kept,
            self.server.state,
            self.server.ledger,
            acknowledged=self._acknowledged,
            unknown=self._unknown,
            downtimes=self.server.downtimes,
            born=self._born,
        ).check()

    def _is_over(self) -> bool:
        state = self.server.state
        return not (self._to_send or state.live or state.buffers) and self.server.now >= self._until

    def _tell(self, what: str) -> None:
        self.trace.append(f"{(self.server.now - self._born) / SECOND:8.3f} {what}")

    # Moves -----------------------------------------------------------------------------------------------------------

    def _move(self, *, faulty: bool) -> None:
        server, chance = self.server, self._chance
        if len(self._editions) and faulty and chance.random() < 0.08:
            self._edit()
        elif self._to_send and (chance.random() < 0.4 or not server.state.live):
            self._send()
        elif server.fetches:
            self._fetch(chance.choice(server.fetches), faulty=faulty)
        elif server.calls and chance.random() < 0.9:
            self._call(chance.choice(server.calls), faulty=faulty)
        elif faulty and chance.random() < 0.25:
            self._mishap()
        elif server.calls:
            self._pass(chance.randint(0, 5 * SECOND))
        elif (due := server.state.next_due()) is not None:
            self._pass(min(max(due - server.now, 0), 30 * SECOND))
        else:
            self._pass(30 * SECOND)

    def _pass(self, milliseconds: int) -> None:
        self.counts["time passed"] += 1
        self._tell(f"{milliseconds / SECOND} s pass")
        self.server.advance(milliseconds)

    def _edit(self) -> None:
        """The app registers what it has now; who is not answered registers again."""
        names = self._editions[0]
        configs = [self.script.functions[name] for name in names]
        self._tell(f"the app has {names}")
        if names:
            self.server.register(flows.payload(configs))
        else:
            self.server.happen(AppRemoved(URL))
        self._editions.pop(0)
        self.counts["edits"] += 1
        self._app = {config["id"] for config in configs}

    def _send(self) -> None:
        """Send the next event; who is not answered sends it again."""
        server, event = self.server, self._to_send[0]
        self._tell(f"sent: {json.dumps(event)}")
        if "invoke" in event:
            slug = event["invoke"]
            made = invoke_event(encode({"data": event["data"]}), slug, server.now, server.ids)
            ids = [made.id] if server.happen(InvokeRequested(slug, made)) else []
            self.counts["invoked by hand"] += 1
        else:
            together = self._together()
            ids = server.send(*together)
            self._to_send = self._to_send[len(together) - 1 :]
        self._to_send.pop(0)
        self._acknowledged += ids
        self.counts["events"] += len(ids)

    def _together(self) -> list[Config]:
        """The events that are sent at once: the next one, or a few."""
        count = self._chance.choice((1, 1, 1, 2, 3))
        listed = list(takewhile(lambda event: "invoke" not in event, self._to_send))[:count]
        stamped = [{**event, "ts": self.server.now + event["ahead"]} if "ahead" in event else event for event in listed]
        return [{key: value for key, value in event.items() if key != "ahead"} for event in stamped]

    def _fetch(self, fetch: Fetch, *, faulty: bool) -> None:
        job = self.server.ledger.jobs.get(fetch.job_id)
        last = job is None or job.attempt + 1 >= job.max_attempts
        if faulty and not last and self._chance.random() < 0.3:
            self.counts["failed fetches"] += 1
            self._tell("a fetch fails")
            self.server.fetched(fetch, FetchReply(url="http://other.test", fault="lost"))
        else:
            self._tell("a fetch is answered")
            self.server.fetched(fetch, FetchReply("http://other.test", 200, {}, b"fetched"))

    def _call(self, made: Call, *, faulty: bool) -> None:
        """Have the app answer; the answer may be lost, or come twice."""
        call = self.server.read[made.job_id, made.generation]
        chance = self._chance.random() if faulty else 1.0
        slug = made.url.partition("fnId=")[2].partition("&")[0]
        self._tell(f"{slug} is called for {call.run_id}: {call.target}, attempt {call.attempt}, has {list(call.steps)}")
        if slug not in self._app and self._chance.random() < 0.5:
            self._forgotten(made, call.run_id)
        elif chance < 0.08 and not call.last:
            self.counts["lost calls"] += 1
            self._tell("  the call is lost")
            self.server.reply(made, unreachable("lost"))
        else:
            self._answer_call(made, call, chance)

    def _forgotten(self, made: Call, run_id: str) -> None:
        """An app that was edited does not know a function any more."""
        self.counts["unknown functions"] += 1
        self._tell("  the app does not know it")
        self._unknown.add(run_id)
        error = {"error": "unknown", "name": "Error", "message": "unknown"}
        self.server.reply(made, Failed(error=error, output=json.dumps(error), code="function_not_found"))

    def _answer_call(self, made: Call, call: plans.Call, chance: float) -> None:
        reply = self._answer(call)
        if chance < 0.16 and not call.last:
            self.counts["lost answers"] += 1
            self._tell("  the answer is lost")
            self.server.reply(made, unreachable("lost"))
            return
        if chance < 0.4:
            reply = self._checkpoint(call, made, reply)
        self.counts["calls"] += 1
        self._tell(f"  it answers {_short(reply)}")
        self._old.append((made, reply))
        self.server.reply(made, reply)
        if 0.95 < chance < 1:
            self.counts["double answers"] += 1
            self._tell("  and again")
            self.server.reply(made, reply)

    def _answer(self, call: plans.Call) -> Reply:
        """What the app answers, after it has done what it executes for that."""
        reply, executed = plans.answer(call)
        match executed:
            case "ask":
                self.server.send({"name": "t/answer", "data": {"n": call.number}})
            case "signal":
                self.server.happen(SignalSent(f"signal {call.run_id}", str(call.number)))
        if isinstance(reply, Report):
            self.counts.update(op.code.value for op in reply.ops)
        return reply

    def _checkpoint(self, call: plans.Call, made: Call, reply: Reply) -> Reply:
        """Have the app save the steps that it executes, and go on for as long as it can."""
        while isinstance(reply, Report) and call.target == DISCOVERY and reply.ops[0].code is Opcode.STEP_RUN:
            self.counts["checkpoints"] += 1
            self._tell(f"  it saves {reply.ops[0].id}")
            self.server.happen(Checkpointed(call.run_id, made.job_id, reply.ops))
            if self._chance.random() < 0.2:
                again = replace(reply.ops[0], data='"again"')  # what was stored first counts
                self.server.happen(Checkpointed(call.run_id, made.job_id, (again,)))
            call.steps[reply.ops[0].id] = {"data": json.loads(reply.ops[0].data)}  # it is answered once
            reply = self._answer(call)
        return reply

    # What goes wrong -------------------------------------------------------------------------------------------------

    def _mishap(self) -> None:
        server, chance = self.server, self._chance
        match chance.randrange(7):
            case 0 if self._old:
                self.counts["late answers"] += 1
                made, reply = chance.choice(self._old)
                self._tell(f"a late answer to {made.job_id}: {_short(reply)}")
                server.reply(made, reply)
            case 1 if server.state.live and chance.random() < 0.3:
                run_id = chance.choice(list(server.state.live))
                self.counts["cancelled by hand"] += 1
                self._tell(f"{run_id} is cancelled")
                server.happen(CancelRequested(run_id))
            case 2 if server.state.live and chance.random() < 0.6:
                self._cancel_many()
            case 3 if server.ledger.ended and chance.random() < 0.4:
                self._repeat(chance.choice(list(server.ledger.ended.values())).run)
            case 4:
                self.counts["signals"] += 1
                self._tell("a signal is sent")
                server.happen(SignalSent(plans.SHARED, "7"))
            case _:
                raise CrashedError

    def _cancel_many(self) -> None:
        """Cancel runs of a function in bulk, one after the other: what a crash leaves of them is cancelled after it."""
        server, chance, now = self.server, self._chance, self.server.now
        cancellation = Cancellation(
            id=server.ids.ulid(now),
            function=chance.choice(sorted(server.state.functions)),
            app_id="app",
            started_after=chance.choice((None, now - 5 * SECOND)),
            started_before=now + chance.choice((0, 0, 5 * SECOND, 30 * SECOND)),
            expression=chance.choice(("", f"event.data.n != {chance.randint(1, 3)}")),
            created_at=now,
        )
        self.counts["cancelled in bulk"] += 1
        self._tell(f"cancelled: {cancellation}")
        for run_id in server.happen(BulkCancelRequested(cancellation)):
            server.happen(CancelRequested(run_id))

    def _repeat(self, run: Run) -> None:
        """Repeat a run that has ended, perhaps from one of its steps on."""
        steps = tuple(step for step in self.server.kept.kept[Step].values() if step.run_id == run.id)
        first = self._chance.choice(steps) if steps and self._chance.random() < 0.6 else None
        events = tuple(self.server.kept.kept[Event][event_id] for event_id in run.events)
        self.counts["repeated"] += 1
        self._tell(f"{run.id} is repeated from {first.id if first else 'its beginning'}")
        self.server.happen(
            RerunRequested(run=run, events=events, steps=steps, from_step="" if first is None else first.id)
        )

    def _crash(self) -> None:
        downtime = self._chance.choice((0, 0, 100, 3 * SECOND, 45 * SECOND))
        self.counts["crashes"] += 1
        self._tell(
            f"the server dies{' and what it had decided is lost' if self.server.torn else ''}, for {downtime} ms"
        )
        self.server.come_back(downtime)


def _short(reply: Reply) -> str:
    return ", ".join(f"{op.code.value} {op.id}" for op in reply.ops) if isinstance(reply, Report) else repr(reply)
