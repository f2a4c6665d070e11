"""Drives the scheduler: what happens is decided and stored in groups, and only then answered and carried out.

There is one task that decides, so that decisions never race. While it stores a group, what happens next gathers for
the following one: under load one transaction serves many.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from inngest_py.dev.collector import without_collector
from inngest_py.dev.decide import decide
from inngest_py.dev.decisions import Call, Decision, Drop, Fetch, Outcome, Put, Tell
from inngest_py.dev.happenings import CallAnswered, FetchAnswered, Happening, Restarted, TimePassed
from inngest_py.dev.ids import Ids
from inngest_py.dev.notices import Notice, ServerFault
from inngest_py.dev.reply import FetchReply, Reply, unreachable
from inngest_py.dev.rules import Rules
from inngest_py.dev.state import State
from inngest_py.dev.store.access import Access
from inngest_py.dev.store.port import Store

T = TypeVar("T")
_Entry = tuple[Happening, "asyncio.Future[Any] | None"]


class Executor(Protocol):
    """Makes requests. A failure is a reply; should one raise all the same, it has not thought of something."""

    async def call(self, call: Call) -> Reply:
        """Call an app."""
        ...

    async def fetch(self, fetch: Fetch) -> FetchReply:
        """Make a request for a step."""
        ...


_LOG: Final = logging.getLogger("inngest_py.dev")

_LOOK: Final = 15.0
"""How long to wait at most before looking at the clock, in seconds: while the machine sleeps the event loop's own clock
stands still, and the other one may be set at any time."""


class StoppedError(Exception):
    """The engine does nothing more, because what it decides cannot be stored."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(f"the dev server has stopped: its database cannot be written: {fault}")


class Engine:
    """A scheduler with a store, a clock and an executor. `clock` gives Unix milliseconds."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        clock: Callable[[], int],
        ids: Ids,
        rules: Rules,
        observe: Callable[[Notice], None],
    ) -> None:
        self.state = State(rules)
        self.ids = ids
        self.clock = clock
        self.registrations = 0
        self._store = store
        self._executor = executor
        self._observe = self._observer = observe
        self._watchers = list[Callable[[Notice], None]]()
        self._inbox: list[_Entry] = []
        self._awake = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._fault: Exception | None = None
        self._gate = asyncio.Event()
        self._gate.set()
        self._access = Access(store)

    async def start(self) -> None:
        """Take up what the store has, and begin to work."""
        with without_collector():
            for record in self._store.load():
                self.state.apply(Put(record))
        self.state.forget_events()
        self._worker = asyncio.create_task(self._work(), name="inngest-engine")
        await self.submit(Restarted())

    async def stop(self) -> None:
        """Stop working. Calls in flight are abandoned; the next life of the server makes them again."""
        if self._alarm is not None:
            self._alarm.cancel()
        tasks = [*self._tasks, *([self._worker] if self._worker is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, answer in self._inbox:
            if answer is not None:
                answer.cancel()
        self._access.close()

    def hold(self) -> None:
        """Call no app before `release`: the apps are only being started."""
        self._gate.clear()

    def release(self) -> None:
        """Call apps again."""
        self._gate.set()

    def welcome(self) -> None:
        """An app has registered, be it what it registered before: there is one that can be called."""
        self.registrations += 1
        self.release()

    def abandon(self) -> None:
        """Call no app any more, and take no notice of how calls end: the apps are being stopped.

        The next life of the server makes these calls again, as if they had not been made.
        """
        self.hold()
        for task in self._tasks:
            task.cancel()

    @property
    def is_held(self) -> bool:
        """Whether no app is called for now."""
        return not self._gate.is_set()

    async def submit(self, happening: Happening) -> Any:
        """Report what happened, and wait until what follows from it is stored. Returns the scheduler's answer.

        Raises StoppedError if that cannot be stored.
        """
        if self._fault is not None:
            raise StoppedError(self._fault)
        answer = asyncio.get_running_loop().create_future()
        self._inbox.append((happening, answer))
        self._awake.set()
        return await answer

    def report(self, happening: Happening) -> None:
        """Report what happened, without waiting."""
        self._inbox.append((happening, None))
        self._awake.set()

    def tell(self, notice: Notice) -> None:
        """Tell the observer. Whatever becomes of what it shows, the work goes on."""
        try:
            self._observer(notice)
        except Exception:
            _LOG.exception("inngest: what happened could not be shown: %s", type(notice).__name__)

    @contextmanager
    def watching(self, watch: Callable[[Notice], None]) -> Generator[None]:
        """Tell somebody else too, while the block lasts. While nobody watches that costs nothing."""
        self._watchers.append(watch)
        self._observer = self._tell_all
        try:
            yield
        finally:
            self._watchers.remove(watch)
            if not self._watchers:
                self._observer = self._observe

    def _tell_all(self, notice: Notice) -> None:
        for watch in self._watchers:
            watch(notice)
        self._observe(notice)

    async def read(self, query: Callable[..., T], *arguments: Any) -> T:
        """Ask the store something, off the event loop if it is on disk."""
        return await self._access.read(query, *arguments)

    @property
    def store(self) -> Store:
        """The store, to read from."""
        return self._store

    async def failure(self) -> None:
        """Wait until the engine cannot go on, because its store fails; cancelled when it is stopped."""
        if self._worker is not None:
            await asyncio.shield(self._worker)

    async def _work(self) -> None:
        while self._fault is None:
            await self._awake.wait()
            self._awake.clear()
            entries, self._inbox = self._inbox, []
            outcomes = self._decide(entries)
            changes = [it for outcome in outcomes for it in outcome.decisions if isinstance(it, (Put, Drop))]
            try:
                if changes:
                    await self._access.commit(changes)
            except Exception as error:
                self._give_up(entries, error)
                return
            for (_, answer), outcome in zip(entries, outcomes, strict=False):
                _reply(answer, outcome)
            for outcome in outcomes:
                self._carry_out(outcome)
            self._set_alarm()

    def _give_up(self, entries: list[_Entry], fault: Exception) -> None:
        """What was decided cannot be stored: say so to everybody, and do nothing more that would be forgotten."""
        self._fault = fault
        for _, answer in (*entries, *self._inbox):
            if answer is not None and not answer.done():
                answer.set_exception(StoppedError(fault))
        self._inbox = []
        self.tell(ServerFault(at=self.clock(), error=fault))

    def _decide(self, entries: list[_Entry]) -> list[Outcome]:
        now = self.clock()
        outcomes = [decide(self.state, now, happening, self.ids) for happening, _ in entries]
        due = self.state.next_due()
        if due is not None and due <= now:
            outcomes.append(decide(self.state, now, TimePassed(), self.ids))
        return outcomes

    def _carry_out(self, outcome: Outcome) -> None:
        for decision in outcome.decisions:
            self._carry_out_one(decision)
        if outcome.fault is not None:
            self.tell(ServerFault(at=self.clock(), error=outcome.fault))

    def _carry_out_one(self, decision: Decision) -> None:
        match decision:
            case Call():
                self._spawn(self._call(decision))
            case Fetch():
                self._spawn(self._fetch(decision))
            case Tell(notice):
                self.tell(notice)
            case Put() | Drop():
                pass

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, call: Call) -> None:
        await self._gate.wait()
        try:
            reply = await self._executor.call(call)
        except Exception as error:
            reply = unreachable(self._mistake(error))
        self.report(CallAnswered(call.job_id, call.generation, reply))

    async def _fetch(self, fetch: Fetch) -> None:
        try:
            reply = await self._executor.fetch(fetch)
        except Exception as error:
            reply = FetchReply(fault=self._mistake(error))
        self.report(FetchAnswered(fetch.job_id, fetch.generation, reply))

    def _mistake(self, error: Exception) -> str:
        """Tell that a request failed in a way that nobody has thought of. Returns what the run is told."""
        self.tell(ServerFault(at=self.clock(), error=error))
        return f"the dev server could not make the request: {type(error).__name__}: {error}"

    def _set_alarm(self) -> None:
        """Be woken when the next timer is due."""
        if self._alarm is not None:
            self._alarm.cancel()
        due = self.state.next_due()
        loop = asyncio.get_running_loop()
        wait = 0.0 if due is None else max(due - self.clock(), 0) / 1000
        self._alarm = None if due is None else loop.call_later(min(wait, _LOOK), self._awake.set)


def _reply(answer: asyncio.Future[Any] | None, outcome: Outcome) -> None:
    if answer is None or answer.done():
        return
    if outcome.fault is None:
        answer.set_result(outcome.answer)
    else:
        answer.set_exception(outcome.fault)
