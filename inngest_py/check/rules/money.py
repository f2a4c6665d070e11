"""A function that handles money, and may handle it twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inngest_py.check.finding import Severity
from inngest_py.check.model import Declared, Module, constant
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MONEY: Final = re.compile(r"charg(?:e[sd]?|ing)|payments?|refund(?:s|ed|ing)?|invoic(?:e[sd]?|ing)|payouts?")


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find functions with money in their id, events or steps, and no idempotency."""
    for declared in module.functions:
        if declared.stated.is_scheduled or not declared.stated.lacks("idempotency"):
            continue
        found = next(filter(_is_money, _texts(declared)), None)
        if found is not None:
            yield Problem(
                declared.call,
                f'the function handles money ("{found}") and has no idempotency: an event that comes twice is two runs',
                'say what makes it the same, as in idempotency="event.data.order_id"',
            )


def _texts(declared: Declared) -> Iterator[str]:
    if declared.stated.fn_id:
        yield declared.stated.fn_id
    yield from declared.stated.events
    for step in declared.body.steps:
        text = constant(step.id)
        if isinstance(text, str):
            yield text


def _is_money(text: str) -> bool:
    return any(_MONEY.fullmatch(word.lower()) for word in _WORD.findall(text))


RULE = Rule("ING010", Severity.ERROR, "A function that handles money has no idempotency", check, in_tests=False)
