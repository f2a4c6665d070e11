"""The grammar of CEL: text to a tree."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

from inngest_py.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    at: int
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a type."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`."""

    at: int
    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Index:
    """`operand[index]`."""

    at: int
    operand: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Invoke:
    """`name(arguments)`, or `target.name(arguments)`."""

    at: int
    name: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!operand` or `-operand`."""

    at: int
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    at: int
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice:
    """`condition ? yes : no`."""

    at: int
    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b]`."""

    at: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """`{a: b}`."""

    at: int
    pairs: tuple[tuple[Node, Node], ...]


Node: TypeAlias = Literal | Name | Select | Index | Invoke | Unary | Binary | Choice | Items | Pairs
"""A node of the tree; `at` is its place in the text."""

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>(?:[rR]|[bB]|[rR][bB]|[bB][rR])?(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"
        |'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<mark>\|\||&&|==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("<", "<=", ">", ">=", "==", "!=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_END: Final = ""
_LARGEST: Final = (1 << 64) - 1
_MOST_DIGITS: Final = 20


def parse(text: str) -> Node:
    """Read an expression. Raises ConfigError with the place of the mistake."""
    return _Parser(text).whole()


def refuse(text: str, at: int, why: str) -> NoReturn:
    """Raise the error for a mistake at a place, counted from 1 in the message."""
    raise ConfigError(f'the expression "{text}" is wrong at position {at + 1}: {why}')


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._scan())
        self._next = 0

    def whole(self) -> Node:
        node = self._choice()
        at, _, word = self._tokens[self._next]
        if word != _END:
            refuse(self._text, at, f'"{word}" was not expected here')
        return node

    def _scan(self) -> list[tuple[int, str, str]]:
        tokens, at = list[tuple[int, str, str]](), 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                refuse(self._text, at, f'"{self._text[at]}" cannot stand here')
            if match.lastgroup != "space":
                tokens.append((at, match.lastgroup, match.group()))
            at = match.end()
        tokens.append((at, "mark", _END))
        return tokens

    def _at(self) -> int:
        return self._tokens[self._next][0]

    def _peek(self) -> str:
        _, kind, word = self._tokens[self._next]
        return word if kind in {"mark", "name"} else " "

    def _accept(self, *words: str) -> str | None:
        word = self._peek()
        if word in words and word != _END:
            self._next += 1
            return word
        return None

    def _expect(self, word: str) -> None:
        if self._accept(word) is None:
            at, _, found = self._tokens[self._next]
            refuse(self._text, at, f'expected "{word}", found {chr(34) + found + chr(34) if found else "the end"}')

    def _choice(self) -> Node:
        condition, at = self._binary(0), self._at()
        if self._accept("?") is None:
            return condition
        yes = self._binary(0)
        self._expect(":")
        return Choice(at, condition, yes, self._choice())

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while True:
            at = self._at()
            operator = self._accept(*_LEVELS[level])
            if operator is None:
                return left
            left = Binary(at, operator, left, self._binary(level + 1))

    def _unary(self) -> Node:
        at = self._at()
        operator = self._accept("!", "-")
        return self._member() if operator is None else Unary(at, operator, self._unary())

    def _member(self) -> Node:
        node = self._primary()
        while True:
            at = self._at()
            if self._accept("."):
                node = self._selection(node, at)
            elif self._accept("["):
                node = Index(at, node, self._choice())
                self._expect("]")
            else:
                return node

    def _selection(self, node: Node, at: int) -> Node:
        _, kind, word = self._tokens[self._next]
        if kind != "name":
            refuse(self._text, self._at(), "a name must follow the dot")
        self._next += 1
        if self._accept("("):
            return Invoke(at, word, node, self._list(")"))
        return Select(at, node, word)

    def _primary(self) -> Node:
        at, kind, word = self._tokens[self._next]
        self._next += 1
        if kind == "number":
            return Literal(at, self._number(word, at))
        if kind == "string":
            return Literal(at, self._string(word, at))
        if kind == "name":
            return self._name(word, at)
        match word:
            case "(":
                node = self._choice()
                self._expect(")")
                return node
            case "[":
                return Items(at, self._list("]"))
            case "{":
                return Pairs(at, self._pairs())
            case _:
                refuse(self._text, at, f'"{word}" was not expected here' if word else "it ends too early")

    def _name(self, word: str, at: int) -> Node:
        if word in _CONSTANTS:
            return Literal(at, _CONSTANTS[word])
        if word == "in":
            refuse(self._text, at, '"in" needs something on its left')
        if self._accept("("):
            return Invoke(at, word, None, self._list(")"))
        return Name(at, word)

    def _list(self, end: str) -> tuple[Node, ...]:
        nodes = list[Node]()
        while self._accept(end) is None:
            nodes.append(self._choice())
            if self._accept(",") is None:
                self._expect(end)
                break
        return tuple(nodes)

    def _pairs(self) -> tuple[tuple[Node, Node], ...]:
        pairs = list[tuple[Node, Node]]()
        while self._accept("}") is None:
            key = self._choice()
            self._expect(":")
            pairs.append((key, self._choice()))
            if self._accept(",") is None:
                self._expect("}")
                break
        return tuple(pairs)

    def _number(self, word: str, at: int) -> int | float:
        bare = word.rstrip("uU")
        if bare.lower().startswith("0x"):
            value = int(bare, 16)
        elif any(mark in bare for mark in ".eE"):
            return float(bare)
        else:
            digits = bare.lstrip("0") or "0"
            value = int(digits) if len(digits) <= _MOST_DIGITS else _LARGEST + 1
        if value > _LARGEST:
            refuse(self._text, at, "this number is too large")
        return value

    def _string(self, word: str, at: int) -> str | bytes:
        try:
            value: str | bytes = ast.literal_eval(word.replace("\n", "\\n") if word[-3:] not in _TRIPLE else word)
        except (SyntaxError, ValueError):
            refuse(self._text, at, "this string cannot be read")
        return value


_TRIPLE: Final = ("'''", '"""')
