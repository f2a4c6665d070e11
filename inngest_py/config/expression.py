"""Expressions (CEL) as a person writes them: the mistakes that can be seen without evaluating them (PROTOCOL 16)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple, TypeAlias

from pydantic import AfterValidator

from inngest_py.errors import ConfigError

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<value>[rb]?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[0-9][0-9a-zA-Z.]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,])
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
    )""",
    re.VERBOSE,
)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_PREFIXES: Final = frozenset({"-", "!"})
_OPERATOR_WORDS: Final = frozenset({"in"})
_TYPES: Final = {
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "uint",
}
_KNOWN: Final = frozenset({"async", "event", "false", "null", "true", "type"} | _TYPES)
_MACRO_VARIABLE: Final = re.compile(r"\.(?:all|exists|exists_one|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def check_expression(text: str) -> str:
    """Return the expression. Raises ConfigError, with the position, for what no server would compile."""
    if not text.strip():
        raise ConfigError("an expression cannot be empty")
    stack, before = list[str](), _Token("start", "", 0)
    names = _KNOWN | set(_MACRO_VARIABLE.findall(text))
    for token in _tokens(text):
        _check_place(text, before, token)
        _check_name(text, before, token, names)
        if token.kind == "open":
            stack.append(token.text)
        elif token.kind == "close" and (not stack or stack.pop() != _PAIRS[token.text]):
            raise _fault(text, token, f'"{token.text}" closes what was never opened')
        before = token
    if stack:
        raise ConfigError(f'the expression "{text}" leaves a {stack[-1]} open')
    if not _ends_value(before):
        raise _fault(text, before, f'nothing follows "{before.text}"')
    return text


def _tokens(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            rest = text[position:].lstrip()
            what = f"a {rest[0]} is left open" if rest[0] in "'\"" else f'"{rest[0]}" means nothing'
            raise _fault(text, _Token("", rest[0], end - len(rest.rstrip())), what)
        word = found[found.lastgroup]
        kind = "operator" if word in _OPERATOR_WORDS else found.lastgroup
        yield _Token(kind, word, found.start(found.lastgroup))
        position = found.end()


def _check_place(text: str, before: _Token, token: _Token) -> None:
    """Values and operators take turns."""
    if token.kind in {"value", "name"} and _ends_value(before):
        raise _fault(text, token, f'"{token.text}" follows "{before.text}" with nothing between them')
    needs_value = token.kind == "operator" and token.text not in _PREFIXES
    if needs_value and not _ends_value(before):
        raise _fault(text, token, f'"{token.text}" has nothing before it')
    if token.kind == "close" and before.kind == "operator":
        raise _fault(text, before, f'nothing follows "{before.text}"')


def _check_name(text: str, before: _Token, token: _Token, names: frozenset[str]) -> None:
    """A name is known, or a field, a key or a function."""
    is_call = text[token.position + len(token.text) :].lstrip().startswith("(")
    if token.kind == "name" and before.text != "." and not is_call and token.text not in names:
        raise _fault(text, token, f'there is no "{token.text}": an expression is about event, or event and async')


def _ends_value(token: _Token) -> bool:
    return token.kind in {"value", "name", "close"}


def _fault(text: str, token: _Token, what: str) -> ConfigError:
    return ConfigError(f'the expression "{text}" is wrong at {token.position}: {what}')


Expression: TypeAlias = Annotated[str, AfterValidator(check_expression)]
"""A CEL expression in configuration."""
