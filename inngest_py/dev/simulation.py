"""A dev server without a network, a disk, threads or a clock: the scheduler, a store in memory, and virtual time.

    simulation = Simulation()
    simulation.register(payload)
    simulation.send({"name": "order/placed", "data": {}})
    simulation.run(app)          # `app` takes a request and gives a response

Time stands still while an app answers, and jumps to the next thing that is due when nothing is in flight. The same
seed and the same app give the same course of events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Final

from inngest_py.dev.decide import decide
from inngest_py.dev.decisions import Call, Decision, Drop, Fetch, Put, Tell
from inngest_py.dev.happenings import (
    AppRegistered,
    CallAnswered,
    EventsReceived,
    FetchAnswered,
    Happening,
    Restarted,
    TimePassed,
)
from inngest_py.dev.ids import Ids
from inngest_py.dev.ingest import read_events
from inngest_py.dev.model import Run, Step
from inngest_py.dev.notices import Notice
from inngest_py.dev.registration import read_registration
from inngest_py.dev.reply import FetchReply, Reply, read_reply
from inngest_py.dev.rules import Rules
from inngest_py.dev.state import State
from inngest_py.dev.store.port import RunFilter, Store
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.errors import InvalidJSONError, RequestError
from inngest_py.wire.codec import encode
from inngest_py.wire.http import Request, Response

START: Final = 1_767_225_600_000
"""When virtual time begins unless told otherwise: 2026-01-01T00:00:00Z."""

App = Callable[[Request], Response]
AsyncApp = Callable[[Request], Awaitable[Response]]
Flow = Generator[Request, Response, None]


class Simulation:
    """A dev server on a virtual clock. `calls` and `fetches` are in flight; `notices` is everything that was told."""

    def __init__(
        self, *, now: int = START, seed: bytes = b"simulation", rules: Rules | None = None, store: Store | None = None
    ) -> None:
        self.now = now
        self.notices: list[Notice] = []
        self.calls: deque[Call] = deque()
        self.fetches: deque[Fetch] = deque()
        self.store = store or SQLiteStore()
        self.ids = Ids(seed)
        self._rules = rules or Rules()
        self.state = State(self._rules)
        self._load()

    def happen(self, happening: Happening) -> Any:
        """Let something happen now. Returns the scheduler's answer; a mistake of the scheduler is raised."""
        outcome = decide(self.state, self.now, happening, self.ids)
        self.store.commit([change for change in outcome.decisions if isinstance(change, (Put, Drop))])
        for decision in outcome.decisions:
            self._carry_out(decision)
        if outcome.fault is not None:
            raise outcome.fault
        return outcome.answer

    def register(self, payload: Mapping[str, Any]) -> bool:
        """Register an app. Returns whether anything is new. Raises RequestError for what a server would refuse."""
        registration = read_registration(encode(payload), self.now)
        answer = self.happen(AppRegistered(registration.app, registration.functions))
        if isinstance(answer, RequestError):
            raise answer
        return bool(answer)

    def send(self, *events: Mapping[str, Any], seed: str | None = None) -> list[str]:
        """Send events. Returns their ids. Raises InvalidJSONError for what the event API would refuse."""
        intake = read_events(encode(events), seed, self.now, self.ids)
        if intake.error:
            raise InvalidJSONError(intake.error)
        self.happen(EventsReceived(intake.events))
        return [event.id for event in intake.events]

    def answer(self, call: Call, response: Response) -> None:
        """Have an app answer a call, whether it is still awaited or not."""
        self.reply(call, read_reply(response, self.now))

    def reply(self, call: Call, reply: Reply) -> None:
        """The same with a reply that was read already, or a call that failed."""
        if call in self.calls:
            self.calls.remove(call)
        self.happen(CallAnswered(call.job_id, call.generation, reply))

    def fetched(self, fetch: Fetch, reply: FetchReply) -> None:
        """Have a request of a step answered."""
        self.fetches.remove(fetch)
        self.happen(FetchAnswered(fetch.job_id, fetch.generation, reply))

    def advance(self, ms: int | None = None) -> bool:
        """Let time pass: so long, or until the next thing is due. Returns whether there was anything to wait for."""
        end = None if ms is None else self.now + ms
        due = self.state.next_due()
        while due is not None and (end is None or due <= end):
            self.now = max(self.now, due)
            self.happen(TimePassed())
            if end is None:
                return True
            due = self.state.next_due()
        if end is not None:
            self.now = end
        return False

    def restart(self) -> None:
        """Lose everything but the store, as in a crash, and start again. What was in flight is called again."""
        self.calls.clear()
        self.fetches.clear()
        self.state = State(self._rules)
        self._load()

    def flow(self, until: int | None = None) -> Flow:
        """All calls, one by one, until all is quiet or the time is `until`: yields requests, takes responses."""
        while self.state.live or self.state.buffers:
            while self.calls:
                call = self.calls.popleft()
                response = yield Request.of("POST", call.url, call.headers.items(), call.body)
                self.answer(call, response)
            due = self.state.next_due()
            if due is None or (until is not None and due > until):
                return
            if self.state.live or self.state.buffers:
                self.advance()

    def run(self, app: App, until: int | None = None) -> None:
        """Run until all runs have ended, nothing is due, or the time is `until`."""
        flow = self.flow(until)
        try:
            request = next(flow)
            while True:
                request = flow.send(app(request))
        except StopIteration:
            return

    async def arun(self, app: AsyncApp, until: int | None = None) -> None:
        """The same with an app that is a coroutine function."""
        flow = self.flow(until)
        try:
            request = next(flow)
            while True:
                request = flow.send(await app(request))
        except StopIteration:
            return

    def runs(self, function: str = "") -> list[Run]:
        """The runs, oldest first: of one function or of all."""
        return self.store.runs(RunFilter(function=function, limit=1_000_000))[::-1]

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run."""
        return self.store.steps(run_id)

    def told(self, kind: type[Notice]) -> list[Notice]:
        """The notices of a kind."""
        return [notice for notice in self.notices if isinstance(notice, kind)]

    def _load(self) -> None:
        for record in self.store.load():
            self.state.apply(Put(record))
        self.state.forget_events()
        self.happen(Restarted())

    def _carry_out(self, decision: Decision) -> None:
        match decision:
            case Call():
                self.calls.append(decision)
            case Fetch():
                self.fetches.append(decision)
            case Tell(notice):
                self.notices.append(notice)
            case Put() | Drop():
                pass
