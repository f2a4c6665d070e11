"""A call that holds up everything else on the loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from inngest_py.check.editing import replaced
from inngest_py.check.finding import Edit, Severity
from inngest_py.check.model import Blocked, Module
from inngest_py.check.names import Imported
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find calls that block, in async functions and async steps."""
    for declared in module.declared:
        for blocked in declared.body.blocked:
            sleeps = blocked.name == "time.sleep"
            instead = (
                "await asyncio.sleep(...), or let the run sleep: ctx.step.sleep(...)"
                if sleeps
                else "use a library that is awaited, or make it a plain function that a step calls in a thread"
            )
            yield Problem(
                blocked.node,
                f"{blocked.name}() blocks the loop of an async function, and with it every other request",
                instead,
                _awaited(blocked, module) if sleeps else (),
            )


def _awaited(blocked: Blocked, module: Module) -> tuple[Edit, ...]:
    """`await asyncio.sleep`, where `asyncio` is imported already."""
    found = blocked.scope.find("asyncio")
    if found is None or found[1] != Imported("asyncio", None):
        return ()
    if not isinstance(blocked.scope.owner, ast.AsyncFunctionDef):
        return ()
    return replaced(module.source, blocked.node.func, "await asyncio.sleep")


RULE = Rule("ING016", Severity.WARNING, "A blocking call in an async function", check)
