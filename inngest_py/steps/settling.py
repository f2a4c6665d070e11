"""One execution of an async function on the event loop: which step goes on when.

The function runs as a task. A step that cannot go on at once waits on a future. When nothing has moved for a few
turns of the loop the execution has settled, and then one thing happens: the memoized step that was completed first
goes on, or the one new step runs in place, or all the new ones are reported and the function is let go.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Never

from inngest_py.engine.drive import adrive
from inngest_py.engine.effects import Effect, Invoke
from inngest_py.engine.identity import Key
from inngest_py.engine.memory import ABSENT
from inngest_py.engine.parallel import Turns
from inngest_py.engine.plan import Answer, Plan, Step
from inngest_py.engine.run import Outcome, Raised, Returned, Suspended, attempt
from inngest_py.engine.verdict import Policy
from inngest_py.function import is_async
from inngest_py.runtime import ThreadCaller
from inngest_py.steps.inside import current_step, refuse_nesting

TURNS_ALONE: Final = 2
"""Turns of the loop after which a function in which only one task has called steps has settled."""

TURNS_TOGETHER: Final = 16
"""The same where several tasks have called steps: nested groups need some turns to start and to end."""

PATIENCE: Final = 10.0
"""How long, in seconds, a targeted step is waited for while other steps wait: it may be behind some slow code."""

_GOODBYE: Final = 1.0
"""How long, in seconds, the function's own clean-up may take once the reply is known."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A step call that waits: its task, and the future that lets it go on."""

    task: asyncio.Task[Any] | None
    go_on: asyncio.Future[None]


class Execution:
    """One execution of one async function."""

    def __init__(self, plan: Plan, policy: Policy, app_id: str, in_thread: ThreadCaller) -> None:
        self.plan = plan
        self.app_id = app_id
        self._policy = policy
        self._in_thread = in_thread
        self._loop = asyncio.get_running_loop()
        self._memory = plan.memory
        self._turns = Turns(plan.memory)
        self._main: asyncio.Task[Any] | None = None
        self._served: asyncio.Task[Any] | None = None
        self._alone = True
        self._stored: dict[str, Waiter] = {}
        self._new: dict[str, Waiter] = {}
        self._quiet: int | None = None
        self._executing = False
        self._ended = self._loop.create_future()

    # The function ------------------------------------------------------------------------------------------------

    async def run(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
        """Run the function until it ends, or has to wait for the server."""
        main = self._main = self._served = self._loop.create_task(call())
        main.add_done_callback(self._main_done)
        try:
            await self._ended
        finally:
            if not main.done() or self._stored or self._new:
                await self._let_go(main)
        return Suspended() if self.plan.interrupted else outcome_of(main)

    def _main_done(self, _main: asyncio.Task[Any]) -> None:
        if not (self._executing and self.plan.target is not None):
            self._end()

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    async def _let_go(self, main: asyncio.Task[Any]) -> None:
        """Cancel the function and all that waits, and give it a moment to clean up after itself."""
        main.cancel()
        for waiter in (*self._stored.values(), *self._new.values()):
            waiter.go_on.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if not main.done():
            await asyncio.wait([main], timeout=_GOODBYE)
        if main.done() and not main.cancelled() and self.plan.interrupted:
            main.exception()

    # A step ------------------------------------------------------------------------------------------------------

    def recall(self, hashed: str) -> Any:
        """The memo of a step that may have it at once, or ABSENT: then `take` it."""
        memo = self._memory.recall(hashed)
        if memo is ABSENT or not self._turns.is_next(hashed) or asyncio.current_task() is not self._served:
            return ABSENT
        self._turns.hand_over(hashed)
        return memo

    async def take(self, key: Key, make: Callable[[], Step], invoke: Invoke | None = None) -> Any:
        """Wait for the memo of a step. For one that has none, run it or report it: this does not return then."""
        refuse_nesting(key.id)
        if self.plan.interrupted:
            await self._for_ever()
        memo = self._memory.recall(key.hashed)
        if memo is not ABSENT:
            await self._wait(key.hashed, self._stored)
            return memo
        await self._meet(make(), invoke)
        return await self._for_ever()

    async def _meet(self, step: Step, invoke: Invoke | None) -> None:
        if self.plan.meet(step, alone=False) is Answer.REPORT:
            try:
                await self._wait(step.key.hashed, self._new)
            except asyncio.CancelledError:
                self._give_up(step)
                raise
        if invoke is not None:
            await self._execute(step, invoke)

    def _give_up(self, step: Step) -> None:
        """Forget a step whose caller was cancelled by the user's code, and not by us."""
        if not self.plan.interrupted:
            self.plan.forget(step)

    async def _wait(self, hashed: str, waiting: dict[str, Waiter]) -> None:
        task = asyncio.current_task()
        self._alone = self._alone and task is self._main
        waiting[hashed] = waiter = Waiter(task, self._loop.create_future())
        self._stir()
        try:
            await waiter.go_on
        except asyncio.CancelledError:
            if waiting is self._stored and hashed in waiting:
                self._turns.hand_over(hashed)
            raise
        finally:
            waiting.pop(hashed, None)

    async def _for_ever(self) -> Never:
        """Wait to be let go: the reply is known, or will be when the function has settled."""
        while True:
            await self._loop.create_future()

    async def _execute(self, step: Step, invoke: Invoke) -> None:
        """Run a step in place, in the task that asked for it."""
        self._executing = True
        token = current_step.set(step.key.id)
        try:
            await adrive(attempt(self.plan, step, invoke, self._policy), self._perform)
        except asyncio.CancelledError:
            self._give_up(step)
            raise
        finally:
            current_step.reset(token)
            self._executing = False
            if self.plan.interrupted or (self._main is not None and self._main.done()):
                self._end()
            self._stir()

    async def _perform(self, effect: Effect) -> Any:
        assert isinstance(effect, Invoke)  # noqa: S101 - the only effect of an attempt
        handler = effect.handler
        if is_async(handler):
            return await handler(*effect.args, **effect.kwargs)
        result: Any = await self._in_thread(lambda: handler(*effect.args, **effect.kwargs))
        return await result if inspect.isawaitable(result) else result

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
        if self._executing or self.plan.interrupted or self._ended.done():
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
        waiter = self._stored.pop(hashed)
        self._turns.hand_over(hashed)
        self._served = waiter.task
        if not waiter.go_on.done():
            waiter.go_on.set_result(None)
        self._stir()

    def _decide(self) -> None:
        """Run the one new step in place, or end this execution with a report of all that were found."""
        step = self.plan.settle()
        if step is not None:
            self._new[step.key.hashed].go_on.set_result(None)
        elif self.plan.target is None or self._alone or self.plan.target in self._new:
            self._report()
        else:
            self._loop.call_later(PATIENCE, self._report)

    def _report(self) -> None:
        if not self._executing:
            self.plan.interrupted = True
            self._end()


def outcome_of(main: asyncio.Task[Any]) -> Outcome:
    """How a function ended."""
    if main.cancelled():
        return Raised(asyncio.CancelledError("the function was cancelled by its own code"))
    error = main.exception()
    return Returned(main.result()) if error is None else Raised(error)
