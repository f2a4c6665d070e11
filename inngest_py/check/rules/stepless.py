"""A function that is one piece: if its end fails, its beginning is done again."""

from __future__ import annotations

from collections.abc import Iterator

from inngest_py.check.finding import Severity
from inngest_py.check.knowledge import Effect
from inngest_py.check.model import Body, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find functions without steps that have several side effects."""
    for declared in module.declared:
        body = declared.body
        count = _effects(body)
        if not body.steps and not body.is_open and count > 1:
            yield Problem(
                declared.call,
                f'the function "{declared.stated.fn_id or declared.name}" has several side effects and no steps: '
                "a retry does all of them again",
                "make each of them a step: ctx.step.run(...)",
            )


def _effects(body: Body) -> int:
    acts = [act for act in body.acts if act.effect in {Effect.NETWORK, Effect.WRITE}]
    return len(body.sends) + sum(2 if act.repeated else 1 for act in acts)


RULE = Rule("ING012", Severity.WARNING, "A function without steps does more than one side effect", check)
