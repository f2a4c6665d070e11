"""One execution of an async function on the event loop: which step goes on when.

The function runs in the task of its request. A step that cannot go on at once waits. When nothing has moved for a few
turns of the loop the execution has settled, and then one thing happens: the memoized step that was completed first
goes on, or the one new step runs in place, or all the new ones are reported and the function is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Never, TypeVar

from inngest_py.engine.drive import adrive
from inngest_py.engine.effects import Effect, Flow, Invoke
from inngest_py.engine.hooks import NO_HOOKS
from inngest_py.engine.identity import Key
from inngest_py.engine.memory import ABSENT
from inngest_py.engine.plan import Answer, Plan, Step
from inngest_py.engine.run import Outcome, Raised, Suspended, Terms, run_step
from inngest_py.errors import UsageError
from inngest_py.steps.driving import Driven, park, turns
from inngest_py.steps.inside import called_too_late, current_plan, current_step, is_going_on, refuse_nesting

T = TypeVar("T")

TURNS_ALONE: Final = 2
"""Turns of the loop after which a function in which only one task has called steps has settled."""

TURNS_TOGETHER: Final = 16
"""The same where several tasks have called steps: nested groups need some turns to start and to end."""

PATIENCE: Final = 10.0
"""How long, in seconds, a targeted step is waited for while other steps wait: it may be behind some slow code."""

_FAREWELLS: Final = 20
"""How often a function is cancelled that asks for another step while it is let go, in a `finally` for one."""

_GOODBYE: Final = 1.0
"""How long, in seconds, the function's own clean-up may take once the reply is known."""


@dataclass(slots=True)
class Waiter:
    """A step call that waits: its task, whether it may go on, and the future that tells it, where it waits on one."""

    step_id: str
    task: asyncio.Task[Any] | None
    may_go_on: bool = False
    go_on: asyncio.Future[None] | None = None

    def release(self) -> None:
        """Let it go on."""
        self.may_go_on = True
        if self.go_on is not None and not self.go_on.done():
            self.go_on.set_result(None)

    def cancel(self) -> None:
        """Cancel it."""
        if self.go_on is not None:
            self.go_on.cancel()


class Execution:
    """One execution of one async function."""

    def __init__(self, plan: Plan, terms: Terms, perform: Callable[[Effect], Awaitable[Any]]) -> None:
        self.plan = plan
        self.terms = terms
        self._perform = perform
        self._loop = asyncio.get_running_loop()
        self._memory = plan.memory
        self._turns = plan.turns
        self._watched = terms.hooks.active
        self._task = current_task()
        self._served: asyncio.Task[Any] | None = self._task
        self._main: Driven | None = None
        self._alone = True
        self._stored: dict[str, Waiter] = {}
        self._new: dict[str, Waiter] = {}
        self._asked_again = False
        self._leaving = False
        self._went_on = False
        self._parked: list[asyncio.Future[None]] = []
        self._quiet: int | None = None
        self._executing = False
        self._hooks = 0
        self._executed: asyncio.Future[None] | None = None

    # The function ------------------------------------------------------------------------------------------------

    async def run(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
        """Run the function until it ends, or has to wait for the server."""
        try:
            main = self._main = Driven(call(), self._task)
        except Exception as error:
            return Raised(error)
        main.context.run(current_plan.set, self.plan)
        try:
            await main.drive()
            if self._executing and self.plan.target is not None:
                self._executed = self._loop.create_future()
                await self._executed
        finally:
            if main.outcome is None or self._stored or self._new or self._parked:
                await self._let_go(main)
            self._main = self._served = None
        outcome = main.outcome
        if main.cancelled_itself:
            await main.forgive()
        if outcome is None or self.plan.interrupted:
            return Suspended()
        if was_cancelled(outcome):
            if self._task.cancelling():
                raise asyncio.CancelledError
            return Raised(asyncio.CancelledError("the function was cancelled by its own code"))
        return outcome

    async def _let_go(self, main: Driven) -> None:
        """Cancel the function and all that waits, and give it a moment to clean up after itself."""
        self._leaving = True
        line = main.line if main.outcome is None else ""
        for waiter in (*self._stored.values(), *self._new.values()):
            waiter.cancel()
        for parked in self._parked:
            parked.cancel()
        for _ in range(_FAREWELLS):
            self._asked_again = False
            main.cancel()
            await main.drive(_GOODBYE)
            if main.outcome is not None or not self._asked_again:
                break
        if line and (self._went_on or not was_cancelled(main.outcome)):
            self.plan.note_swallowed(line)
        main.close()

    # A step ------------------------------------------------------------------------------------------------------

    def recall(self, hashed: str) -> Any:
        """The memo of a step that may have it at once, or ABSENT: then `take` it."""
        if self._watched:
            return ABSENT
        if self._main is not None and self._served is self._task:
            is_served = self._main.running
        else:
            is_served = asyncio.current_task(self._loop) is self._served
        return self._turns.recall(hashed) if is_served else ABSENT

    async def take(self, key: Key, make: Callable[[], Step], invoke: Invoke | None = None) -> Any:
        """Wait for the memo of a step. For one that has none, run it or report it.

        Unless the function goes on in the same request, this does not return then.
        """
        refuse_nesting(key.id)
        if self._main is None:
            self._refuse_afterwards(key.id)
        if self.plan.interrupted:
            self._asked_again = True
            self._went_on = self._went_on or (self._leaving and is_going_on())
            await self._for_ever()
        memo = self._memory.recall(key.hashed)
        if memo is ABSENT:
            self._refuse_elsewhere(key.id)
            step = make()
            if self.terms.hooks is not NO_HOOKS:
                step, invoke = await self._hooked(self.terms.hooks.report(step, invoke))
            memo = await self._meet(step, invoke)
        else:
            await self._wait(key, self._stored)
        return await self._hooked(self.terms.hooks.recall(make(), memo)) if self._watched else memo

    def _refuse_afterwards(self, step_id: str) -> Never:
        """Raise UsageError: the function has ended. What it has left behind ends quietly if the run goes on."""
        if self.plan.interrupted and current_plan.get() is self.plan:
            raise asyncio.CancelledError
        raise called_too_late(step_id)

    def _refuse_elsewhere(self, step_id: str) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError(
                f'step "{step_id}" is awaited on another event loop than its function: await it in the function itself'
            )

    async def _meet(self, step: Step, invoke: Invoke | None) -> Any:
        if self.plan.meet(step, alone=False) is Answer.REPORT:
            try:
                await self._wait(step.key, self._new)
            except asyncio.CancelledError:
                self._give_up(step)
                raise
        memo = ABSENT if invoke is None else await self._execute(step, invoke)
        return await self._for_ever() if memo is ABSENT else memo

    async def _hooked(self, flow: Flow[T]) -> T:
        """Call hooks of the middleware. They may take their time, and nothing is settled before they are done."""
        self._hooks += 1
        try:
            return await adrive(flow, self._perform)
        finally:
            self._hooks -= 1
            if self._stored or self._new:
                self._stir()

    def _give_up(self, step: Step) -> None:
        """Forget a step whose caller was cancelled by the user's code, and not by us."""
        if not self.plan.interrupted:
            self.plan.forget(step)

    async def _wait(self, key: Key, waiting: dict[str, Waiter]) -> None:
        task, hashed = current_task(self._loop), key.hashed
        self._alone = self._alone and task is self._task
        waiting[hashed] = waiter = Waiter(key.id, task)
        self.plan.asked[hashed] = self._turns.wave + 1
        try:
            if self._alone:
                await self._settle_alone()
            if not waiter.may_go_on:
                waiter.go_on = self._loop.create_future()
                self._stir()
                await waiter.go_on
        except asyncio.CancelledError:
            if waiting is self._stored and hashed in waiting:
                self._turns.hand_over(hashed)
            raise
        finally:
            waiting.pop(hashed, None)

    async def _settle_alone(self) -> None:
        """Settle where only the function itself has called steps; others may have begun to, in the meantime."""
        await turns(TURNS_ALONE)
        if self._alone:
            self._settle()

    async def _for_ever(self) -> Never:
        """Wait to be let go: the reply is known, or will be when the function has settled."""
        while True:
            if current_task(self._loop) is self._task:
                await park()
            else:
                parked = self._loop.create_future()
                self._parked.append(parked)
                await parked

    async def _execute(self, step: Step, invoke: Invoke) -> Any:
        """Run a step in place, in the task that asked for it; give the memo if the function goes on with it."""
        self._executing = True
        token = current_step.set(step.key.id)
        try:
            return await adrive(run_step(self.plan, step, invoke, self.terms), self._perform)
        except asyncio.CancelledError:
            self._give_up(step)
            raise
        finally:
            current_step.reset(token)
            self._executing = False
            self._served = current_task(self._loop)
            if self.plan.interrupted:
                self._leave()
            if self._executed is not None and not self._executed.done():
                self._executed.set_result(None)
            if self._stored or self._new:
                self._stir()

    # Settling ----------------------------------------------------------------------------------------------------

    def _stir(self) -> None:
        """Something moved: begin to count the quiet turns anew."""
        if self._quiet is None:
            self._loop.call_soon(self._tick)
        self._quiet = 0

    def _tick(self) -> None:
        if self._quiet is None:
            return
        self._quiet += 1
        if self._quiet < (TURNS_ALONE if self._alone else TURNS_TOGETHER):
            self._loop.call_soon(self._tick)
        else:
            self._quiet = None
            self._settle()

    def _settle(self) -> None:
        if self._executing or self._hooks or self.plan.interrupted or self._main is None:
            return
        if self._stored:
            self._serve()
        elif self._new:
            self._decide()

    def _serve(self) -> None:
        """Let one memoized step go on: the next in the order, or if nobody asks for that one, the first after it."""
        hashed = self._turns.expected
        if hashed is None or hashed not in self._stored:
            hashed = self._turns.first_of(self._stored)
            self.plan.note_disorder(hashed)
        waiter = self._stored.pop(hashed)
        self._turns.hand_over(hashed)
        self._turns.wave = max(self._turns.wave, self.plan.asked[hashed])
        self._served = waiter.task
        waiter.release()
        if self._stored or self._new:
            self._stir()

    def _decide(self) -> None:
        """Run the one new step in place, or end this execution with a report of all that were found."""
        step = self.plan.settle()
        if step is not None:
            self._new[step.key.hashed].release()
        elif self.plan.target is None or self._alone or self.plan.target in self._new:
            self._report()
        else:
            self._loop.call_later(PATIENCE, self._report)

    def _report(self) -> None:
        if not (self._executing or self.plan.interrupted):
            self.plan.report()
            self._leave()

    def _leave(self) -> None:
        if self._main is not None:
            self._main.leave()


def current_task(loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Task[Any]:
    """The task that is running; there always is one where a step can be called."""
    task = asyncio.current_task(loop)
    if task is None:
        raise RuntimeError("steps are called in tasks of the event loop")
    return task


def was_cancelled(outcome: Outcome | None) -> bool:
    """Whether a function ended as it was told to."""
    return isinstance(outcome, Raised) and isinstance(outcome.error, asyncio.CancelledError)
