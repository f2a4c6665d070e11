"""What a function does outside of its steps, it does again for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inngest_py.check.finding import Severity
from inngest_py.check.knowledge import Effect
from inngest_py.check.model import Act, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule

_CONSEQUENCES: Final = {
    Effect.CLOCK: "gives another time whenever the function is replayed",
    Effect.CHANCE: "gives another value whenever the function is replayed",
    Effect.NETWORK: "calls another service again whenever the function is replayed",
    Effect.WRITE: "writes again whenever the function is replayed",
}


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find effects outside of the steps of functions that have steps."""
    for declared in module.declared:
        if declared.body.steps:
            for act in declared.body.acts:
                if not act.inside:
                    yield _problem(act)


def _problem(act: Act) -> Problem:
    what = f"{act.via}() calls {act.name}(), which" if act.via else f"{act.name}()"
    return Problem(
        act.node,
        f"outside of a step, {what} {_CONSEQUENCES[act.effect]}",
        "put it into a step, which runs once and keeps what it gave: ctx.step.run(...)",
    )


RULE = Rule("ING011", Severity.ERROR, "Side effects or non-determinism outside of steps", check)
