"""An event that a function sends by itself: again with every replay, and without the run's name on it."""

from __future__ import annotations

from collections.abc import Iterator

from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find events that functions send through the client."""
    for declared in module.declared:
        for call in declared.body.sends:
            yield Problem(
                call,
                "an event is sent through the client, inside a function",
                'use the step for it, which sends it once: ctx.step.send_event("announce", event)',
            )


RULE = Rule("ING017", Severity.WARNING, "client.send inside a function instead of step.send_event", check)
