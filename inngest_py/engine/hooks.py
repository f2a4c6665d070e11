"""Where middleware comes in while a function runs. The engine knows these flows, and not who is behind them."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from inngest_py.engine.effects import Flow, Invoke
from inngest_py.engine.plan import Step
from inngest_py.engine.verdict import Policy
from inngest_py.wire.failure import Failure


@dataclass(slots=True)
class StepResult:
    """What a step came to: an output, or an error. A hook may put another output in its place."""

    output: Any = None
    error: BaseException | None = None


class Hooks:
    """No middleware: every flow ends at once, and gives back what it was given."""

    active: bool = False
    """Whether memoized steps have to be shown to somebody."""

    def report(self, step: Step, invoke: Invoke | None) -> Flow[tuple[Step, Invoke | None]]:
        """A step that has no result is about to run or to be reported."""
        yield from ()
        return step, invoke

    def recall(self, step: Step, memo: Any) -> Flow[Any]:
        """A memoized step is about to have its result."""
        yield from ()
        return memo

    def around_step(self, step: Step, invoke: Invoke, policy: Policy) -> AbstractContextManager[object]:
        """What is entered before an attempt of a step and left after it, whatever becomes of it."""
        return nullcontext()

    def before_step(self, step: Step, invoke: Invoke, policy: Policy) -> Flow[None]:
        """A step's handler is about to be called."""
        yield from ()

    def after_step(self, step: Step, result: StepResult, policy: Policy) -> Flow[None]:
        """A step's handler has returned or raised."""
        yield from ()

    def failed(
        self, step: Step | None, error: BaseException, failure: Failure, policy: Policy, *, final: bool
    ) -> Flow[Failure]:
        """An attempt of a step has failed, or one of the function itself, and is about to be reported."""
        yield from ()
        return failure


NO_HOOKS = Hooks()
