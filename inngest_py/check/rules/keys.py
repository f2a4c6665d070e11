"""Keys in source: whoever reads the code can call the app, or send events to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from inngest_py.check.expressions import is_client_name
from inngest_py.check.finding import Severity
from inngest_py.check.model import Module, constant
from inngest_py.check.names import Scope, Valued
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule

_KEYS: Final = {
    "event_key": "INNGEST_EVENT_KEY",
    "signing_key": "INNGEST_SIGNING_KEY",
    "signing_key_fallback": "INNGEST_SIGNING_KEY_FALLBACK",
}
_SIGNING_KEY: Final = re.compile(r"signkey-[a-z]+-[0-9A-Za-z]{6,}")


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find keys that are written down."""
    seen: set[ast.AST] = set()
    for node, variable in (*_given(module), *_set(module), *_looking_like_one(module)):
        if node not in seen:
            seen.add(node)
            yield Problem(
                node,
                "a signing key is written in the source" if "SIGNING" in variable else "an event key is in the source",
                f"take it out, replace the key on the server, and set {variable} where the app runs",
            )


def _given(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """The keys that clients are given; one that only knows a dev server needs none, and may be given any."""
    for call, scope in module.names.calls:
        if not is_client_name(f"{module.names.full_name(call.func, scope)}()"):
            continue
        words = {word.arg: word.value for word in call.keywords}
        if constant(words.get("is_production")) is False:
            continue
        for name, variable in _KEYS.items():
            node = _literal(words.get(name), scope)
            if node is not None:
                yield node, variable


def _literal(node: ast.expr | None, scope: Scope) -> ast.expr | None:
    """The text that is given, here or by the name of a constant."""
    if isinstance(node, ast.Name):
        found = scope.find(node.id)
        node = found[1].node if found is not None and isinstance(found[1], Valued) else None
    text = constant(node)
    return node if isinstance(text, str | bytes) and text.strip() else None


def _set(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """The keys that are put into the environment."""
    if not any(variable in module.source.text for variable in _KEYS.values()):
        return
    for node in ast.walk(module.source.tree):
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(variable)))],
                value=ast.Constant(value=str(text)) as value,
            ) if variable in _KEYS.values() and text:
                yield value, variable
            case _:
                pass


def _looking_like_one(module: Module) -> Iterator[tuple[ast.AST, str]]:
    if "signkey-" not in module.source.text:
        return
    for node in ast.walk(module.source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SIGNING_KEY.search(node.value):
            yield node, _KEYS["signing_key"]


RULE = Rule("ING018", Severity.CRITICAL, "A signing key or an event key in source", check, in_tests=False)
