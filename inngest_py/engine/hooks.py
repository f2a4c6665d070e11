"""Where middleware comes in while a function runs. The engine knows these flows, and not who is behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inngest_py.engine.effects import Flow, Invoke
from inngest_py.engine.plan import Step


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

    def before_step(self, step: Step, invoke: Invoke) -> Flow[None]:
        """A step's handler is about to be called."""
        yield from ()

    def after_step(self, step: Step, result: StepResult) -> Flow[None]:
        """A step's handler has returned or raised."""
        yield from ()


NO_HOOKS = Hooks()
