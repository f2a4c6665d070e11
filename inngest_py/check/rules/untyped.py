"""An event whose data nobody checks."""

from __future__ import annotations

from collections.abc import Iterator

from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find triggers by events that have a name only."""
    for declared in module.functions:
        for event, node in declared.stated.untyped.items():
            yield Problem(
                declared.call if node is None else node,
                f'the event "{event}" has no type: what its data is, is checked by nobody',
                f'describe it in a model: EventType("{event}", Model), and use that as the trigger',
            )


RULE = Rule("ING007", Severity.WARNING, "An event trigger without a type", check, in_tests=False)
