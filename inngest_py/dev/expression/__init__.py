"""Expressions (CEL) with the leniency of the real server (PROTOCOL 16).

What is missing is null, null sorts lowest, values of different types are unequal and not in order, and only `true`
matches. The maintained CEL libraries were tried: they raise an error for each of these, convert the whole event for
each evaluation (some 150 microseconds where this takes about five), and do not name unknown variables when they
compile. The tests hold this one against one of them wherever both have an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from inngest_py.dev.expression.compile import NOW, Evaluate, compile_node
from inngest_py.dev.expression.parse import parse
from inngest_py.dev.expression.value import Fault
from inngest_py.errors import ConfigError

EVENT: Final = frozenset({"event"})
EVENT_AND_ASYNC: Final = frozenset({"event", "async"})

__all__ = ["EVENT", "EVENT_AND_ASYNC", "Expression", "compile_expression"]


class Expression:
    """A compiled expression."""

    __slots__ = ("_evaluate", "text")

    def __init__(self, text: str, evaluate: Evaluate) -> None:
        self.text = text
        self._evaluate = evaluate

    def value(self, variables: Mapping[str, Any], now: int) -> Any:
        """The value, or None if there is an error. `now` is in Unix milliseconds."""
        try:
            return self._evaluate({**variables, NOW: now})
        except (Fault, RecursionError, OverflowError):
            return None

    def matches(self, variables: Mapping[str, Any], now: int) -> bool:
        """Whether the value is `true`, and nothing else."""
        return self.value(variables, now) is True


def compile_expression(text: str, roots: Iterable[str] = EVENT_AND_ASYNC, *, plain: bool = False) -> Expression:
    """Compile an expression over some variables; a plain one only compares (PROTOCOL 3.3, cancel).

    Raises ConfigError, which says what is wrong and where.
    """
    return _compile(text, frozenset(roots), plain=plain)


@lru_cache(maxsize=4096)
def _compile(text: str, roots: frozenset[str], *, plain: bool) -> Expression:
    try:
        return Expression(text, compile_node(parse(text), roots, text, plain=plain))
    except RecursionError:
        raise ConfigError(f'the expression "{text[:60]}…" is nested too deeply') from None
