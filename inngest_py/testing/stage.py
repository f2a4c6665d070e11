"""Apps, the scheduler and virtual time, in one process: what happens when, until all is quiet."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from inngest_py.client import Inngest
from inngest_py.dev import model
from inngest_py.dev.decide.events import matching
from inngest_py.dev.happenings import AppRegistered, InvokeRequested, SignalSent
from inngest_py.dev.model import FINAL, PauseKind
from inngest_py.dev.reply import Report, read_reply
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.texts import text_of
from inngest_py.errors import UsageError
from inngest_py.function import Function
from inngest_py.middleware.base import StepInfo
from inngest_py.testing import standing_in
from inngest_py.testing.apps import App, Keep
from inngest_py.testing.driving import Ask, Flow
from inngest_py.testing.feeding import Fed
from inngest_py.testing.journal import Journal, plain
from inngest_py.testing.ledger import Ledger
from inngest_py.testing.moments import MAX_CALLS, unix_of
from inngest_py.testing.network import Network
from inngest_py.testing.recording import recording_of
from inngest_py.testing.replaying import Replayer
from inngest_py.testing.results import Run
from inngest_py.testing.stubbing import Stubs
from inngest_py.testing.stubs import Stub
from inngest_py.testing.viewing import run_of
from inngest_py.wire.event import Event
from inngest_py.wire.http import Request, Response
from inngest_py.wire.ops import Opcode

_NAMED: Final = frozenset({Opcode.SLEEP, Opcode.WAIT_FOR_EVENT})


class Stage:
    """Plays apps and the scheduler against each other. It is the notebook of the middleware of its apps."""

    def __init__(self, start: datetime, stubs: Stubs, max_calls: int = MAX_CALLS) -> None:
        self.simulation: Final = Simulation(now=unix_of(start), rules=Rules(), store=Ledger())
        self.stubs: Final = stubs
        self.apps: Final[dict[str, App]] = {}
        self._clients: Final[dict[str, Inngest]] = {}
        self.journals: Final[dict[str, Journal]] = {}
        self._network: Final = Network(self.simulation)
        self._later: Final[list[tuple[int, int, Fed]]] = []
        self._awaited: Final[list[Fed]] = []
        self._unfit: Final[dict[int, str]] = {}
        self._calls = 0
        self._max_calls: Final = max_calls
        self._replayers: Final[dict[str, Replayer]] = {}
        self._replayed: Final[set[str]] = set()

    # The notebook ----------------------------------------------------------------------------------------------------

    def journal(self, run_id: str) -> Journal:
        """The journal of a run."""
        return self.journals.setdefault(run_id, Journal())

    def stub(self, function_id: str, step: StepInfo) -> Stub | None:
        """The stub of a step that runs in the app, or None."""
        return self.stubs.of_step(function_id, step)

    def now(self) -> int:
        """The virtual time in Unix milliseconds."""
        return self.simulation.now

    # What a test does ------------------------------------------------------------------------------------------------

    def mount(self, client: Inngest, keep: Keep) -> None:
        """Register a client's functions. Raises RequestError for what a server would refuse."""
        app = App(client, self, self.now)
        if client.app_id in self.apps:
            raise UsageError(f'two clients have the app_id "{client.app_id}": give each app of a test one of its own')
        self.apps[client.app_id] = app
        self._clients[client.app_id] = client
        registration = app.registration(self.now(), keep)
        refused = self.simulation.happen(AppRegistered(registration.app, registration.functions))
        if isinstance(refused, Exception):
            raise refused

    def functions(self) -> list[Function[Any]]:
        """All functions that are mounted, and those that handle their failures."""
        return [part for app in self.apps.values() for function in app.functions for part in function.parts()]

    def met(self) -> list[str]:
        """The ids of all steps that functions have asked for."""
        return [met.id for journal in self.journals.values() for met in journal.steps.values()]

    def send(self, events: Iterable[Event[Any]]) -> list[str]:
        """Send events, now."""
        return self.simulation.send(*(event.to_json(self.now()) for event in events))

    def invoke(self, function_id: str, event: Any) -> None:
        """Start one function with an event of the scheduler's, whatever triggers it."""
        self.simulation.happen(InvokeRequested(function_id, event))

    def feed(self, fed: Sequence[Fed]) -> None:
        """Let things happen later: at their times from now, or when something waits for them."""
        for one in fed if isinstance(fed, Sequence) else [fed]:
            if not isinstance(one, Fed):
                raise UsageError(f"what is fed is a list of testing.event(...) and testing.signal(...), not {one!r}")
            if one.after is None:
                self._awaited.append(one)
            else:
                heapq.heappush(self._later, (self.now() + one.after, len(self._later), one))

    def unfed(self) -> list[tuple[Fed, str]]:
        """What nothing has waited for; with the condition of a wait that did not hold for it, if there was one."""
        return [(fed, self._unfit.get(id(fed), "")) for fed in self._awaited]

    # What happens ----------------------------------------------------------------------------------------------------

    def until(self, end: int | None) -> Flow[None]:
        """Let time pass until a moment, or until no run and no buffer is left and nothing is to come."""
        yield from self.settle()
        while (due := self._next(end)) is not None:
            if self._later and self._later[0][0] <= due:
                self.simulation.now = max(self.now(), due)
                self._deliver(heapq.heappop(self._later)[2])
            else:
                self.simulation.advance()
            yield from self.settle()
        if end is not None:
            self.simulation.now = max(self.now(), end)

    def settle(self) -> Flow[None]:
        """Do all that is to be done at this moment."""
        simulation = self.simulation
        while simulation.calls or simulation.fetches or self._deliver_awaited():
            if simulation.fetches:
                standing_in.answer_fetch(self, simulation.fetches[0])
            elif simulation.calls:
                yield from self._call()

    def _next(self, end: int | None) -> int | None:
        """When time has to be looked at again; None if that is after the end, or if there is no need to."""
        state = self.simulation.state
        if end is None and not (state.live or state.buffers or self._later):
            return None
        moments = [moment for moment in (state.next_due(), self._later[0][0] if self._later else None) if moment]
        due = min(moments, default=None)
        return None if due is None or (end is not None and due > end) else due

    def _call(self) -> Flow[None]:
        simulation = self.simulation
        call = simulation.calls.popleft()
        run_id = call.headers["X-Run-Id"]
        live = simulation.state.live.get(run_id)
        if live is None:
            return  # cancelled at this very moment: a server would have called, and ignored the answer
        self._count(live.run.function)
        response = standing_in.answer_invoked(self, live, call)
        if response is None:
            response = yield from self._ask(live.run.app_id, run_id, call.url, call.headers, call.body)
        self._look_at(run_id, live.run.function, response)
        simulation.answer(call, response)

    def _ask(self, app_id: str, run_id: str, url: str, found: Any, body: bytes) -> Flow[Response]:
        request, journal = Request.of("POST", url, found.items(), body), self.journal(run_id)
        response = yield Ask(self.apps[app_id].handler, request, self._network.answer, journal)
        if journal.misuse is not None:
            raise journal.misuse
        return response

    def _look_at(self, run_id: str, function_id: str, response: Response) -> None:
        """Note what only the reply says of steps, and see to it that what they ask for can be done."""
        reply = read_reply(response, self.now())
        for op in reply.ops if isinstance(reply, Report) else ():
            if op.code in _NAMED:
                self.journal(run_id).names.setdefault(op.id, op.name)
            step = self.journal(run_id).steps.get(op.id)
            if step is not None:
                self.stubs.check(function_id, step.id, op.code)
                standing_in.prepare(self, function_id, step.id, op)

    def _count(self, function_id: str) -> None:
        self._calls += 1
        if self._calls > self._max_calls:
            raise UsageError(
                f"{self._max_calls} calls were made and the apps are not idle, the last one of {function_id}: does "
                "a function start itself, or a schedule fire while a run sleeps for months? Let a time pass instead, "
                'with engine.advance("1h"), or set Engine(max_calls=...)'
            )

    def check_replays(self) -> Flow[None]:
        """Replay the runs that have ended since. Raises DivergenceError for one that takes another way then.

        One without steps has nothing to be replayed.
        """
        simulation = self.simulation
        for run in simulation.runs():
            journal = self.journal(run.id)
            if run.status not in FINAL or run.id in self._replayed or not journal.steps:
                continue
            self._replayed.add(run.id)
            if run.app_id not in self._replayers:
                self._replayers[run.app_id] = Replayer(self._clients[run.app_id])
            found = recording_of(run, simulation.steps(run.id), self._events(run), journal)
            yield from self._replayers[run.app_id].check(found)

    # What came of it -------------------------------------------------------------------------------------------------

    def runs(self, function_id: str = "") -> list[Run]:
        """The runs, oldest first: of one function or of all."""
        return [self._shown(run) for run in self.simulation.runs(function_id)]

    def _shown(self, run: model.Run) -> Run:
        return run_of(run, self.simulation.steps(run.id), self._events(run), self.journal(run.id))

    def _events(self, run: model.Run) -> list[model.Event]:
        found = map(self.simulation.store.event, run.events)
        return [event for event in found if event is not None]

    # What comes from outside -----------------------------------------------------------------------------------------

    def _deliver(self, fed: Fed) -> None:
        if isinstance(fed.what, Event):
            self.send([fed.what])
        else:
            self.simulation.happen(SignalSent(fed.what, text_of(plain(fed.data))))

    def _deliver_awaited(self) -> bool:
        """Deliver the first thing that a run waits for by now. Returns whether there was one."""
        fed = next(filter(self._is_awaited, self._awaited), None)
        if fed is None:
            return False
        self._awaited.remove(fed)
        self._deliver(fed)
        return True

    def _is_awaited(self, fed: Fed) -> bool:
        state = self.simulation.state
        if isinstance(fed.what, str):
            return fed.what in state.signals
        waits = [state.pauses[pause_id] for pause_id in state.waits.get(fed.what.name, ())]
        conditions = [wait.expression for wait in waits if wait.kind is PauseKind.EVENT]
        if not conditions:
            return False
        found = matching(state, _arriving(fed.what, self.now()), self.now())
        if any(wait.kind is PauseKind.EVENT for wait in found):
            return True
        self._unfit[id(fed)] = conditions[-1]
        return False


def _arriving(event: Event[Any], now: int) -> model.Event:
    """An event as the scheduler would see it now."""
    data, user = text_of(plain(event.data)), text_of(plain(event.user))
    return model.Event(id="", name=event.name, ts=event.ts or now, received_at=now, data=data, user=user, key=event.id)
