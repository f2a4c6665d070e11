"""What changes variables of the function around a step. After a replay they are as if the step had not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from inngest_py.check.model import Mutation
from inngest_py.check.names import Scope, Valued

_SURE: Final = frozenset({"append", "appendleft", "extend", "popitem", "popleft", "setdefault"})
_CHANGES: Final = _SURE | {"add", "clear", "discard", "insert", "pop", "remove", "reverse", "sort", "update"}
_DISPLAYS: Final = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MAKERS: Final = frozenset({"Counter", "OrderedDict", "bytearray", "defaultdict", "deque", "dict", "list", "set"})


def mutated(node: ast.Call | ast.Attribute | ast.Subscript, scope: Scope, step: Scope) -> Iterator[Mutation]:
    """The variable around the step that this changes: by a method, an attribute or an item of it."""
    if isinstance(node, ast.Call):
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in _CHANGES:
            return
        name = _root(function.value)
        known = name is not None and (function.attr in _SURE or _is_collection(name, scope))
    else:
        name = _root(node.value)
        known = True
    if known and name is not None and is_outer(name, scope, step):
        yield Mutation(node, name)


def is_outer(name: str, scope: Scope, step: Scope | None) -> bool:
    """Whether a name belongs to a function around the step."""
    found = scope.find(name)
    if found is None or step is None or found[0].owner is None:
        return False
    around = step.parent
    while around is not None:
        if around is found[0]:
            return True
        around = around.parent
    return False


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_collection(name: str, scope: Scope) -> bool:
    found = scope.find(name)
    match found:
        case (_, Valued(node=ast.Call(func=ast.Name(id=maker)))):
            return maker in _MAKERS
        case (_, Valued(node=ast.Call(func=ast.Attribute(attr=maker)))):
            return maker in _MAKERS
        case (_, Valued(node=value)):
            return isinstance(value, _DISPLAYS)
        case _:
            return False
