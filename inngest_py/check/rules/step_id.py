"""The id of a step: people read it, and a run finds the result of the step by it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from inngest_py.check.finding import Severity
from inngest_py.check.knowledge import Effect, effect_of
from inngest_py.check.model import Module, StepCall
from inngest_py.check.names import Scope, Valued
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.check.rules.function_id import slug_of

_KEBAB: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PIECE: Final = re.compile(r"[a-z0-9-]*")
_EMPTY: Final = re.compile(
    r"(?:action|bar|baz|do|execute|foo|func|function|handler|id|job|my-step|name|run|step|stuff|task|temp|test|thing|tmp|work"
    r"|x|[a-z0-9]{1,2}|first|second|third|fourth|one|two|three)(?:-?\d+|-[a-z]|-?step)?"
)
_CHANGING: Final = frozenset({"hash", "id"})


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find ids that say nothing, that are written in another way, or that are not the same the next time."""
    for declared in module.declared:
        for step in declared.body.steps:
            node = _id_of(step)
            if node is not None:
                yield from _problems(node, step, module)


def _id_of(step: StepCall) -> ast.expr | None:
    match step.id:
        case ast.Call(keywords=words, args=args) if not isinstance(step.id.func, ast.Attribute) or (
            step.id.func.attr == "StepOptions"
        ):
            found = next((word.value for word in words if word.arg == "id"), None)
            return found or step.id if not args else step.id
        case _:
            return step.id


def _problems(node: ast.expr, step: StepCall, module: Module) -> Iterator[Problem]:
    changing = next(_changing(node, step.scope, module), None)
    if changing is not None:
        yield Problem(
            node,
            f"the id of a step is computed from {changing}, which is not the same when the function is replayed",
            "write the id down, or compute it from the event or from what a step gave",
        )
        return
    text = node.value if isinstance(node, ast.Constant) else None
    if isinstance(text, str):
        yield from _written(node, text, step)
    elif isinstance(node, ast.JoinedStr) and not all(map(_fits, node.values)):
        yield Problem(node, "the id of a step is not in kebab-case", 'use words in lower case, joined by "-"')


def _written(node: ast.expr, text: str, step: StepCall) -> Iterator[Problem]:
    if not _KEBAB.fullmatch(text):
        slug = slug_of(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text))
        yield Problem(
            node,
            f'the id "{text}" of a step is not in kebab-case',
            f'call it "{slug}", before the first run: an id that changes is another step to the runs in flight',
        )
    elif _EMPTY.fullmatch(text):
        yield Problem(
            node,
            f'the id "{text}" of a step does not say what the step does',
            f'name what step.{step.method} does here, as in "charge-card"',
        )


def _fits(part: ast.expr) -> bool:
    return not isinstance(part, ast.Constant) or _PIECE.fullmatch(str(part.value)) is not None


def _changing(node: ast.expr, scope: Scope, module: Module, depth: int = 3) -> Iterator[str]:
    """What in an expression is different each time."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(attr="attempt"):
                yield "the attempt"
            case ast.Call(func=ast.Name(id=name)) if name in _CHANGING and scope.find(name) is None:
                yield f"{name}()"
            case ast.Call():
                name = module.names.full_name(part.func, scope)
                if effect_of(name, part) in {Effect.CLOCK, Effect.CHANCE}:
                    yield f"{name}()"
            case ast.Name(id=name) if depth:
                found = scope.find(name)
                if found is not None and isinstance(found[1], Valued) and not found[1].entered:
                    yield from _changing(_unstepped(found[1].node), found[0], module, depth - 1)
            case _:
                pass


def _unstepped(value: ast.expr) -> ast.expr:
    """A value, without what a call of an attribute was given: a step keeps what its arguments were made of."""
    inner = value.value if isinstance(value, ast.Await) else value
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.args:
        return ast.Call(func=inner.func, args=[], keywords=[])
    return inner


RULE = Rule("ING004", Severity.WARNING, "A step's id is not descriptive kebab-case, or changes", check)
