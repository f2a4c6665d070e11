"""Expressions (CEL) as a person writes them: the mistakes that can be seen without compiling (PROTOCOL 16)."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from inngest_py.errors import ConfigError

_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


def check_expression(text: str) -> str:
    """Return the expression. Raises ConfigError if it is empty, or a bracket or a quote in it is left open."""
    if not text.strip():
        raise ConfigError("an expression cannot be empty")
    open_quote, stack, skip = "", list[str](), False
    for position, letter in enumerate(text):
        if skip:
            skip = False
        elif open_quote:
            skip = letter == "\\"
            open_quote = "" if letter == open_quote else open_quote
        elif letter in "'\"":
            open_quote = letter
        elif letter in "([{":
            stack.append(letter)
        elif letter in _PAIRS and (not stack or stack.pop() != _PAIRS[letter]):
            raise ConfigError(f'the expression "{text}" closes a "{letter}" at {position} that it never opened')
    if open_quote or stack:
        raise ConfigError(f'the expression "{text}" leaves a {open_quote or stack[-1]} open')
    return text


Expression: TypeAlias = Annotated[str, AfterValidator(check_expression)]
"""A CEL expression in configuration."""
