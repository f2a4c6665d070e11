"""The value of a key expression, as the text that separates one counter from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.expression.functions import FUNCTIONS
from inngest_py.dev.texts import text_of
from inngest_py.errors import InvalidJSONError
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
    if isinstance(value, (list, dict)) or value is None:
        try:
            return text_of(cast("JSON", value))
        except InvalidJSONError:
            return ""
    return str(FUNCTIONS["string"][1](value))
