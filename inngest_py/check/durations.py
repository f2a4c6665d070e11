"""Durations in source: where they stand, and what they are as far as it is written down."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from inngest_py.check.model import Module, StepCall
from inngest_py.check.names import Names, Scope, Valued

YEAR: Final = timedelta(days=365)
"""How long a run may wait."""

_SETTINGS: Final[Mapping[str, Mapping[str, int | None]]] = {
    "Backoff.constant": {"wait": 0},
    "Backoff.exponential": {"first": 0, "maximum": None},
    "Batch": {"timeout": None},
    "Cancel": {"timeout": None},
    "Checkpointing": {"max_runtime": None},
    "Debounce": {"period": None, "timeout": None},
    "Inngest": {"request_timeout": None},
    "RateLimit": {"period": None},
    "RetryAfterError": {"retry_after": 1},
    "Throttle": {"period": None},
    "Timeouts": {"finish": None, "start": None},
    "TriggerCron": {"jitter": None},
}
_TIMEDELTA: Final = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")


def duration_of(step: StepCall) -> ast.expr | None:
    """How long a step sleeps or waits, if it does."""
    if step.method == "sleep":
        return step.node.args[1] if len(step.node.args) > 1 else step.keyword("duration")
    if step.method in {"wait_for_event", "wait_for_signal", "invoke", "invoke_by_id"}:
        return step.keyword("timeout")
    return None


def durations(module: Module) -> Iterator[tuple[ast.expr, Scope, str]]:
    """Every duration of a module, with the scope that it is in and what it is for."""
    for declared in module.declared:
        for step in declared.body.steps:
            duration = duration_of(step)
            if duration is not None:
                yield duration, step.scope, f"step.{step.method}"
    for call, scope in module.names.calls:
        full = module.names.full_name(call.func, scope)
        if full.startswith("inngest"):
            yield from _of_setting(call, scope, full)


def _of_setting(call: ast.Call, scope: Scope, full: str) -> Iterator[tuple[ast.expr, Scope, str]]:
    name = next((name for name in _SETTINGS if full.endswith(f".{name}")), None)
    for field, position in _SETTINGS.get(name or "", {}).items():
        given = [word.value for word in call.keywords if word.arg == field]
        if position is not None:
            given += call.args[position : position + 1]
        for value in given:
            yield value, scope, f"{name}({field}=)"


def value_of(names: Names, node: ast.expr, scope: Scope, depth: int = 3) -> int | float | str | timedelta | None:
    """A number, a text or a timedelta that is written down; None for what cannot be told."""
    match node:
        case ast.Constant(value=int() | float() | str() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if depth:
            found = scope.find(name)
            if found is not None and isinstance(found[1], Valued):
                return value_of(names, found[1].node, found[0], depth - 1)
        case ast.BinOp(left=left, op=op, right=right):
            return _computed(value_of(names, left, scope, depth), value_of(names, right, scope, depth), op)
        case ast.Call(args=args, keywords=words) if names.full_name(node.func, scope) == "datetime.timedelta":
            return _timedelta(names, args, words, scope, depth)
        case _:
            pass
    return None


def _computed(left: Any, right: Any, op: ast.operator) -> int | float | timedelta | None:
    """A sum, a difference, a product or a quotient of what is known."""
    found: Any = None
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return None
    try:
        match op:
            case ast.Add():
                found = left + right
            case ast.Sub():
                found = left - right
            case ast.Mult():
                found = left * right
            case ast.Div():
                found = left / right
            case _:
                pass
    except (TypeError, ArithmeticError):
        return None
    return found if isinstance(found, int | float | timedelta) else None


def _timedelta(
    names: Names, args: list[ast.expr], words: list[ast.keyword], scope: Scope, depth: int
) -> timedelta | None:
    given = [*zip(_TIMEDELTA, args, strict=False), *((word.arg, word.value) for word in words)]
    numbers = {name: value_of(names, value, scope, depth) for name, value in given}
    if not all(name in _TIMEDELTA and isinstance(value, int | float) for name, value in numbers.items()):
        return None
    try:
        return timedelta(**{name: value for name, value in numbers.items() if name and isinstance(value, int | float)})
    except ArithmeticError:
        return None
