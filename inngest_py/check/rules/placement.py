"""Steps where they cannot work: inside each other, and where an interrupted call is caught."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from inngest_py.check.editing import replaced
from inngest_py.check.expressions import dotted
from inngest_py.check.finding import Edit, Severity, Span
from inngest_py.check.model import Module, Swallowed
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.check.source import Source

_DANGERS: Final = {
    "inside": (
        "a step inside a step: the inner one is not kept, and runs again with the outer one",
        "call the function itself, or take the inner step out and give its result to the outer one",
    ),
    "finally": (
        "a step in finally: it also runs when the call only ends to go on with a later step",
        "put it after the try, or into the except of the error that it is about",
    ),
    "bare": (
        "a step in an except that catches everything: it also runs when the call only ends to go on later",
        "catch Exception, or the error that it is about",
    ),
}


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find steps in wrong places, and what keeps a call from ending where a step ends it."""
    for declared in module.declared:
        for step in declared.body.steps:
            for danger in dict.fromkeys(step.dangers):
                yield Problem(step.node, *_DANGERS[danger])
        for swallowed in declared.body.swallowed:
            yield Problem(
                swallowed.node,
                "what ends a call at a step is caught here and goes no further: the function goes on without the step",
                "catch Exception, or raise it again",
                _narrowed(module.source, swallowed),
            )


def _narrowed(source: Source, swallowed: Swallowed) -> tuple[Edit, ...]:
    if not swallowed.is_handler or not isinstance(swallowed.node, ast.ExceptHandler):
        return ()
    if swallowed.type is None:
        span = source.span_of(swallowed.node)
        end = span.column + len("except")
        return (Edit(Span(span.line, span.column, span.line, end), "except Exception"),)
    return replaced(source, swallowed.type, "Exception") if dotted(swallowed.type) == "BaseException" else ()


RULE = Rule("ING013", Severity.ERROR, "A step inside a step, in finally, or where everything is caught", check)
