"""The value of a key expression, as the text that separates one counter from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeAlias

from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.expression.functions import FUNCTIONS
from inngest_py.dev.shapes import as_list, as_object
from inngest_py.dev.texts import text_of
from inngest_py.wire.codec import JSON

Value: TypeAlias = Callable[[], Mapping[str, Any]]
"""Gives the value of an event. It is only asked for where there is an expression: most functions have none."""


def evaluate(expression: str, event: Value, now: int) -> Any:
    """The value of an expression over an event, or None."""
    return compile_expression(expression, EVENT).value({"event": event()}, now)


def key_text(expression: str, event: Value, now: int) -> str:
    """The value of a key as text; without a key all events have the same, the empty one."""
    if not expression:
        return ""
    value = evaluate(expression, event, now)
    return text_of(_plain(value)) if isinstance(value, (list, dict)) or value is None else _string(value)


def _plain(value: Any) -> JSON:
    """A value without what JSON cannot say: times, bytes and numbers without end as text, also as keys."""
    if (parts := as_list(value)) is not None:
        return [_plain(part) for part in parts]
    if (fields := as_object(value)) is not None:
        return {_string(key): _plain(part) for key, part in fields.items()}
    if value is None or isinstance(value, (bool, str)) or (isinstance(value, (int, float)) and isfinite(value)):
        return value
    return _string(value)


def _string(value: Any) -> str:
    return str(FUNCTIONS["string"][1](value))
