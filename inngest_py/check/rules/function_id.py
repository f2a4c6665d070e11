"""The id of a function: by it servers find the function, and runs in flight their code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from inngest_py.check.editing import add_keyword, replaced
from inngest_py.check.expressions import dotted
from inngest_py.check.finding import Severity
from inngest_py.check.model import Declared, Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.errors import ConfigError
from inngest_py.function import check_id


def check(module: Module, project: Project) -> Iterator[Problem]:
    """Find ids that are missing, that no server takes, and that two functions of one client have."""
    for declared in module.functions:
        yield from _missing(declared, module)
        yield from _invalid(declared, module)
    if not project.is_live:  # what is declared has been compared already
        yield from _taken(module, project)


def _missing(declared: Declared, module: Module) -> Iterator[Problem]:
    if "fn_id" in declared.keywords or declared.stated.is_open or declared.stated.fn_id is not None:
        return
    slug = slug_of(declared.name)
    call = declared.call
    edits = add_keyword(module.source, call, f'fn_id="{slug}"', after_first=False) if isinstance(call, ast.Call) else ()
    yield Problem(call, "a function is declared without an id", f'give it one: fn_id="{slug}"', edits if slug else ())


def _invalid(declared: Declared, module: Module) -> Iterator[Problem]:
    node, fn_id = declared.keywords.get("fn_id"), declared.stated.fn_id
    value: Any = node.value if isinstance(node, ast.Constant) else fn_id  # of any type: a literal may be anything
    if value is None and not isinstance(node, ast.Constant):
        return
    try:
        check_id(cast("str", value))
    except ConfigError:
        slug = slug_of(value if isinstance(value, str) else declared.name)
        yield Problem(
            node or declared.call,
            f"{value!r} is not a valid id of a function",
            f'use letters, digits and "-": fn_id="{slug}"',
            replaced(module.source, node, f'"{slug}"') if node is not None and slug else (),
        )


def slug_of(text: str) -> str:
    """A text as an id: words in lower case, joined by "-"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _taken(module: Module, project: Project) -> Iterator[Problem]:
    """Find ids that an earlier function of the same client has."""
    for declared, other, first in project.once(_twice).get(module.place, ()):
        if other is module and _exclude_each_other(module, declared, first):
            continue
        line = getattr(first.call, "lineno", 1)
        yield Problem(
            declared.keywords.get("fn_id", declared.call),
            f'the id "{declared.stated.fn_id}" is taken by the function at {other.source.shown}:{line}',
            "give every function of a client an id of its own",
        )


def _twice(project: Project) -> Mapping[str, Sequence[tuple[Declared, Module, Declared]]]:
    """The functions, by module, whose id an earlier one has; with the module of that one, and itself."""
    known: dict[tuple[object, str], tuple[Module, Declared]] = {}
    found: dict[str, list[tuple[Declared, Module, Declared]]] = {}
    for module in project.modules:
        for declared in module.functions:
            fn_id, owner = declared.stated.fn_id, _owner(declared, module, project)
            if fn_id is None or owner is None or not declared.is_applied:
                continue
            first = known.setdefault((owner, fn_id), (module, declared))
            if first[1] is not declared:
                found.setdefault(module.place, []).append((declared, *first))
    return found


def _owner(declared: Declared, module: Module, project: Project) -> object | None:
    """What tells clients apart: where it was made or, if that cannot be seen, the name in this very scope."""
    if declared.client is None:
        return None
    key = project.key(module, declared.scope, declared.client)
    return key or (module.place, declared.scope.line, dotted(declared.client))


def _exclude_each_other(module: Module, one: Declared, other: Declared) -> bool:
    """Whether only one of them is declared: they are in different branches of the same statement."""
    first, second = (_branches(module.source.tree, declared.call) for declared in (one, other))
    return any(node in second and second[node] != branch for node, branch in first.items())


def _branches(tree: ast.AST, wanted: ast.AST) -> dict[ast.AST, str]:
    """The statements with branches around a node, and the branch of each that it is in."""
    found: dict[ast.AST, str] = {}
    stack: list[tuple[ast.AST, dict[ast.AST, str]]] = [(tree, {})]
    line = getattr(wanted, "lineno", 0)
    while stack:
        node, path = stack.pop()
        if node is wanted:
            found = path
            break
        for field, value in ast.iter_fields(node):
            for index, child in enumerate(cast("list[object]", value) if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST) and _may_contain(child, line):
                    branching = isinstance(node, ast.If | ast.Try | ast.Match | ast.IfExp)
                    place = f"{field}{index if field in {'cases', 'handlers'} else ''}"
                    stack.append((child, path | {node: place} if branching else path))
    return found


def _may_contain(node: ast.AST, line: int) -> bool:
    first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or first is None or last is None:
        return True
    return bool(first <= line <= last)


RULE = Rule("ING003", Severity.CRITICAL, "A function's id is missing, taken or not valid", check)
