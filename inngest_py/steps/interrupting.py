"""One execution of a plain function: a step that has to be reported ends it with an Interrupt.

Whatever the user's code does with the Interrupt, the plan keeps what is to be answered: once interrupted, every
further step raises it again, and what the function returns is ignored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inngest_py.engine.drive import drive
from inngest_py.engine.effects import Effect, Invoke
from inngest_py.engine.identity import Key
from inngest_py.engine.memory import ABSENT
from inngest_py.engine.plan import Answer, Plan, Step
from inngest_py.engine.run import Outcome, Raised, Returned, Suspended, attempt
from inngest_py.engine.verdict import Policy
from inngest_py.errors import Interrupt
from inngest_py.runtime import LoopCaller, background_loop, run_on_loop
from inngest_py.steps.inside import ParallelMode, current_step, parallel_mode, refuse_nesting


@dataclass(slots=True)
class Branch:
    """One branch of a group. Once interrupted, none of its further steps is met."""

    interrupted: bool = False


class Execution:
    """One execution of one plain function."""

    def __init__(self, plan: Plan, policy: Policy, app_id: str, on_loop: LoopCaller = run_on_loop) -> None:
        self.plan = plan
        self.app_id = app_id
        self._policy = policy
        self._on_loop = on_loop
        self._branch: Branch | None = None

    def run(self, call: Callable[[], Any]) -> Outcome:
        """Run the function until it ends, or has to wait for the server."""
        try:
            value = call()
        except Interrupt:
            return Suspended()
        except Exception as error:
            return Raised(error)
        return Returned(value)

    def recall(self, hashed: str) -> Any:
        """The memo of a step, or ABSENT: then `take` it."""
        return ABSENT if self._stopped() else self.plan.memory.recall(hashed)

    def take(self, key: Key, make: Callable[[], Step], invoke: Invoke | None = None) -> Any:
        """Run a step that has no memo, or report it. Either way this ends in an Interrupt."""
        refuse_nesting(key.id)
        if self._stopped():
            raise Interrupt
        step = make()
        if self.plan.meet(step, alone=self._branch is None) is Answer.RUN and invoke is not None:
            self._execute(step, invoke)
        self._stop()
        raise Interrupt

    def together(self, calls: Sequence[Callable[[], Any]], mode: ParallelMode) -> tuple[Any, ...]:
        """Call each branch in turn, and meet the steps of all of them before any is reported."""
        token = parallel_mode.set(mode)
        outer, branches = self._branch, [Branch() for _ in calls]
        try:
            outcomes = [self._call(call, branch) for call, branch in zip(calls, branches, strict=True)]
        finally:
            self._branch = outer
            parallel_mode.reset(token)
        if self.plan.interrupted or any(branch.interrupted for branch in branches):
            self._stop()
            raise Interrupt
        return tuple(map(_value, outcomes))

    def _call(self, call: Callable[[], Any], branch: Branch) -> Outcome:
        self._branch = branch
        return self.run(call)

    def _stopped(self) -> bool:
        return self.plan.interrupted or (self._branch is not None and self._branch.interrupted)

    def _stop(self) -> None:
        """No step is met any more: in this branch, or outside of all groups in this execution."""
        if self._branch is None:
            self.plan.interrupted = True
        else:
            self._branch.interrupted = True

    def _execute(self, step: Step, invoke: Invoke) -> None:
        token = current_step.set(step.key.id)
        try:
            drive(attempt(self.plan, step, invoke, self._policy), self._perform)
        finally:
            current_step.reset(token)

    def _perform(self, effect: Effect) -> Any:
        assert isinstance(effect, Invoke)  # noqa: S101 - the only effect of an attempt
        return called(effect.handler, effect.args, effect.kwargs, self._on_loop)


def called(
    handler: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], on_loop: LoopCaller = run_on_loop
) -> Any:
    """Call a function of the user's from plain code; one that is async runs on the background loop."""
    result: Any = handler(*args, **kwargs)
    return on_loop(lambda: result, background_loop().running) if asyncio.iscoroutine(result) else result


def _value(outcome: Outcome) -> Any:
    """The result of a branch. Raises what the branch raised."""
    match outcome:
        case Returned(value):
            return value
        case Raised(error):
            raise error
        case Suspended():
            raise Interrupt
