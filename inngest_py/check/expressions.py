"""What expressions stand for, by how they are written: the context of a function, its steps, a client, a log."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from inngest_py.check.names import Code, parameters

STEPS: Final = frozenset(
    {"fetch", "infer", "invoke", "invoke_by_id", "run", "send_event", "send_signal", "sleep", "sleep_until"}
    | {"wait_for_event", "wait_for_signal", "wrap"}
)
"""The methods that are steps, of `ctx.step` and of `ctx.step.ai`."""

_LOGS: Final = frozenset({"critical", "debug", "error", "exception", "info", "log", "msg", "warning"})
_ROLES: Final = {("ctx", "step"): "step", ("ctx", "group"): "group", ("step", "ai"): "ai"}


def role_of(node: ast.expr, roles: Mapping[str, str]) -> str | None:
    """What an expression stands for: "ctx", "step", "ai", "group", or ".method" for a method of a step.

    `roles` are those of the names.
    """
    match node:
        case ast.Name(id=name):
            return roles.get(name)
        case ast.Attribute(value=value, attr=attribute):
            owner = role_of(value, roles)
            return None if owner is None else _ROLES.get((owner, attribute)) or _method(owner, attribute)
        case _:
            return None


def _method(owner: str, attribute: str) -> str | None:
    if owner in {"step", "ai"} and attribute in STEPS:
        return f".{attribute}"
    return ".parallel" if owner in {"step", "group"} and attribute == "parallel" else None


def dotted(node: ast.expr) -> str:
    """An expression as it is written, if it is a name or a chain of attributes."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{dotted(value)}.{attribute}"
        case _:
            return ""


def is_client_name(name: str) -> bool:
    """Whether a full name is that of a client: `inngest_py.Inngest()`."""
    return name.startswith("inngest") and name.endswith(".Inngest()")


def is_log(function: ast.expr) -> bool:
    """Whether a call of this only tells somebody something."""
    if isinstance(function, ast.Name):
        return function.id == "print"
    if not isinstance(function, ast.Attribute) or function.attr not in _LOGS:
        return False
    owner = dotted(function.value).rpartition(".")[2].lower()
    return owner in {"log", "logging"} or owner.endswith("logger")


def first_roles(code: Code) -> Iterator[tuple[ast.arg, str]]:
    """Which parameters of a declared function are its context and its steps."""
    for index, parameter in enumerate(parameters(code)):
        said = dotted(parameter.annotation) if parameter.annotation is not None else ""
        kind = said.rpartition(".")[2]
        if parameter.arg == "step" or kind in {"Step", "StepSync"}:
            yield parameter, "step"
        elif parameter.arg == "group":
            yield parameter, "group"
        elif index == 0 or parameter.arg == "ctx":
            yield parameter, "ctx"
