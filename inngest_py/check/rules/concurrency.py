"""A function that calls other services as often as events come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inngest_py.check.finding import Severity
from inngest_py.check.knowledge import Effect
from inngest_py.check.model import Body, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule

_CALLING: Final = frozenset({"fetch", "infer", "wrap"})


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find functions that call other services and have no limit."""
    for declared in module.functions:
        service = _service(declared.body)
        if service and declared.stated.lacks("concurrency", "singleton"):
            yield Problem(
                declared.call,
                f"the function calls another service ({service}) and has no concurrency limit",
                "say how many steps may run at once: concurrency=10",
            )


def _service(body: Body) -> str:
    """What calls another service; empty if nothing does."""
    for act in body.acts:
        if act.effect is Effect.NETWORK:
            return act.name
    return next((f"step.{step.method}" for step in body.steps if step.method in _CALLING), "")


RULE = Rule(
    "ING006", Severity.WARNING, "No concurrency limit on a function that calls other services", check, in_tests=False
)
