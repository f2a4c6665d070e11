"""One execution of a plain function: a step that has to be reported ends it with an Interrupt.

Whatever the user's code does with the Interrupt, the plan keeps what is to be answered: once interrupted, every
further step raises it again, and what the function returns is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from inngest_py.engine.drive import drive
from inngest_py.engine.effects import Effect, Flow, Invoke
from inngest_py.engine.identity import Key
from inngest_py.engine.memory import ABSENT
from inngest_py.engine.plan import Answer, Place, Plan, Step
from inngest_py.engine.run import Outcome, Raised, Returned, Suspended, Terms, run_step
from inngest_py.errors import Interrupt
from inngest_py.runtime import Left
from inngest_py.steps.inside import (
    ParallelMode,
    called_too_late,
    current_plan,
    current_step,
    is_going_on,
    line_of_user,
    parallel_mode,
    refuse_nesting,
)

T = TypeVar("T")


@dataclass(slots=True)
class Branch:
    """One branch of a group. Once interrupted, none of its further steps is met."""

    place: Place
    interrupted: bool = False


class Execution:
    """One execution of one plain function."""

    def __init__(self, plan: Plan, terms: Terms, perform: Callable[[Effect], Any]) -> None:
        self.plan = plan
        self.terms = terms
        self._perform = perform
        self._watched = terms.hooks.active
        self._branch: Branch | None = None
        self._running: str | None = None
        self._ended = False
        self._line = ""
        self._went_on = False

    def run(self, call: Callable[[], Any]) -> Outcome:
        """Run the function until it ends, or has to wait for the server."""
        token = current_plan.set(self.plan)
        try:
            return self._outcome(call)
        finally:
            current_plan.reset(token)
            self._ended = self._watched = True

    def _outcome(self, call: Callable[[], Any]) -> Outcome:
        try:
            outcome: Outcome = Returned(call())
        except Interrupt:
            if self._went_on:
                self._went_on = False
                self.plan.note_swallowed(self._line)
            return Suspended()
        except (KeyboardInterrupt, SystemExit, Left):
            raise
        except BaseException as error:
            outcome = Raised(error)
        if self._stopped():
            self.plan.note_swallowed(self._line)
        return outcome

    def recall(self, hashed: str) -> Any:
        """The memo of a step that may have it at once, or ABSENT: then `take` it."""
        if self._watched or self.plan.interrupted:
            return ABSENT
        if self._branch is None:
            memo = self.plan.turns.recall(hashed)
            if memo is not ABSENT:
                return memo
        elif self._branch.interrupted:
            return ABSENT
        memo = self.plan.memory.recall(hashed)
        if memo is not ABSENT:
            self._hand_over(hashed)
        return memo

    def _hand_over(self, hashed: str) -> None:
        if self._branch is not None:
            self._branch.place.last = hashed
            self._branch.place.memos += 1
        elif hashed != self.plan.turns.expected:
            self.plan.note_disorder(hashed)
        self.plan.turns.hand_over(hashed)

    def take(self, key: Key, make: Callable[[], Step], invoke: Invoke | None = None) -> Any:
        """Run a step that has no memo, or report it.

        Unless the function goes on in the same request, this ends in an Interrupt.
        """
        refuse_nesting(key.id, self._running)
        if self._ended:
            raise called_too_late(key.id)
        if self._stopped():
            self._went_on = self._went_on or is_going_on()
            raise Interrupt
        memo = self.plan.memory.recall(key.hashed)
        if memo is ABSENT:
            memo = self._meet(*self._flow(self.terms.hooks.report(make(), invoke)))
        else:
            self._hand_over(key.hashed)
        return self._flow(self.terms.hooks.recall(make(), memo)) if self._watched else memo

    def _meet(self, step: Step, invoke: Invoke | None) -> Any:
        if self.plan.meet(step, alone=self._branch is None) is Answer.RUN and invoke is not None:
            memo = self._execute(step, invoke)
            if memo is not ABSENT:
                return memo
        self._stop()
        raise Interrupt

    def _flow(self, flow: Flow[T]) -> T:
        return drive(flow, self._perform)

    def together(
        self, calls: Sequence[Callable[[], Any]], mode: ParallelMode, *, return_exceptions: bool
    ) -> tuple[Any, ...]:
        """Call each branch in turn, and meet the steps of all of them before any is reported."""
        token = parallel_mode.set(mode)
        outer, branches = self._branch, self._branches(len(calls), mode)
        try:
            outcomes = [self._call(call, branch) for call, branch in zip(calls, branches, strict=True)]
        finally:
            self._leave(branches, outer)
            parallel_mode.reset(token)
        if self.plan.interrupted or any(branch.interrupted for branch in branches):
            self._stop()
            raise Interrupt
        return tuple(_value(outcome, return_exceptions=return_exceptions) for outcome in outcomes)

    def _branches(self, count: int, mode: ParallelMode) -> Sequence[Branch]:
        """The branches of a group. In a race each result is seen alone, so none is new together with those to come."""
        outside = 0 if self._branch is None else self._branch.place.branches
        to_come = range(count - 1, -1, -1) if mode is ParallelMode.WAIT else [0] * count
        return [Branch(Place(outside + others)) for others in to_come]

    def _call(self, call: Callable[[], Any], branch: Branch) -> Outcome:
        if self.plan.interrupted:
            return Suspended()  # by a branch before this one
        self._branch = branch
        self.plan.place = branch.place
        return self._outcome(call)

    def _leave(self, branches: Sequence[Branch], outer: Branch | None) -> None:
        self._branch = outer
        self.plan.place = None if outer is None else outer.place
        if outer is not None:
            outer.place.last = next((inner.place.last for inner in reversed(branches) if inner.place.last), None)
            outer.place.memos += max((inner.place.memos for inner in branches), default=0)

    def _stopped(self) -> bool:
        return self.plan.interrupted or (self._branch is not None and self._branch.interrupted)

    def _stop(self) -> None:
        """No step is met any more: in this branch, or outside of all groups in this execution."""
        self._line = self._line or line_of_user()
        if self._branch is not None:
            self._branch.interrupted = True
        elif not self.plan.interrupted:
            self.plan.report()

    def _execute(self, step: Step, invoke: Invoke) -> Any:
        token = current_step.set(step.key.id)
        self._running = step.key.id
        try:
            return self._flow(run_step(self.plan, step, invoke, self.terms))
        finally:
            self._running = None
            current_step.reset(token)


def _value(outcome: Outcome, *, return_exceptions: bool) -> Any:
    """The result of a branch. Raises what the branch raised, unless that is wanted as a result."""
    match outcome:
        case Returned(value):
            return value
        case Raised(error) if return_exceptions:
            return error
        case Raised(error):
            raise error
        case Suspended():
            raise Interrupt
