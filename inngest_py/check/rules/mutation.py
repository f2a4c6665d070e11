"""A step that leaves its result in a variable: it is not there when the function is replayed."""

from __future__ import annotations

from collections.abc import Iterator

from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find steps that change variables of the function around them."""
    for declared in module.declared:
        for mutation in declared.body.mutations:
            yield Problem(
                mutation.node,
                f'a step changes "{mutation.name}", which is not its own: when the function is replayed, it does not',
                "return the value from the step, and use what the step gives",
            )


RULE = Rule("ING015", Severity.WARNING, "A step changes variables outside of it", check)
