"""The grammar of regular expressions, as RE2 has it: text to a tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn, TypeAlias

Test: TypeAlias = Callable[[str], bool]

_MOST: Final = 1_000
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_SPACE: Final = frozenset("\t\n\f\r ")
_LINE_ENDS: Final = frozenset({"", "\n"})
_COUNT: Final = re.compile(r"\{(\d+)(?:(,)(\d*))?\}", re.ASCII)
_GROUP: Final = re.compile(r"\?(?:P?<[A-Za-z_]\w*>|([ims]*)(?:-([ims]+))?([:)]))", re.ASCII)
_HEX: Final = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_CATEGORY: Final = re.compile(r"[pP](?:([LMNPSZC])|\{(\^?)([LMNPSZC][a-z]?)\})")
_POSIX: Final = re.compile(r"\[:(\^?)([a-z]+):\]")


class PatternError(ValueError):
    """A pattern that cannot be."""


@dataclass(frozen=True, slots=True)
class Step:
    """One character that passes a test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between two characters; where the text begins or ends one of them is empty."""

    test: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Chain:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """One of several."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `low` times and at most `high`, or without end."""

    part: Node
    low: int
    high: int | None


Node: TypeAlias = "Step | Edge | Chain | Fork | Repeat"


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


_CLASSES: Final[dict[str, Test]] = {"d": _is_digit, "w": _is_word, "s": _SPACE.__contains__}
_NAMED: Final[dict[str, Test]] = {
    "alnum": lambda it: _is_digit(it) or _is_letter(it),
    "alpha": _is_letter,
    "ascii": str.isascii,
    "digit": _is_digit,
    "lower": lambda it: "a" <= it <= "z",
    "punct": lambda it: "!" <= it <= "~" and not it.isalnum(),
    "space": lambda it: it in _SPACE or it == "\v",
    "upper": lambda it: "A" <= it <= "Z",
    "word": _is_word,
    "xdigit": lambda it: it in "0123456789abcdefABCDEF",
}
_EDGES: Final[dict[str, Callable[[str, str], bool]]] = {
    "A": lambda before, _: not before,
    "z": lambda _, after: not after,
    "b": lambda before, after: _is_word(before) is not _is_word(after),
    "B": lambda before, after: _is_word(before) is _is_word(after),
}

_LINES: Final[dict[str, Callable[[str, str], bool]]] = {
    "^": lambda before, _: before in _LINE_ENDS,
    "$": lambda _, after: after in _LINE_ENDS,
}


def parse_pattern(text: str) -> Node:
    """Read a pattern. Raises PatternError, which says what is wrong and where."""
    parser = _Parser(text)
    node = parser.fork()
    parser.end()
    return node


class _Parser:
    """Reads one pattern. `_flags` are those in force: i, m, s."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._flags = frozenset[str]()

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at < len(self._text):
            self._refuse('")" closes nothing')

    def fork(self) -> Node:
        """Read up to the end of a group."""
        flags, parts = self._flags, [self._chain()]
        while self._took("|"):
            parts.append(self._chain())
        self._flags = flags
        return parts[0] if len(parts) == 1 else Fork(tuple(parts))

    def _refuse(self, why: str) -> NoReturn:
        raise PatternError(f"{why}, at character {self._at + 1}")

    def _took(self, wanted: str) -> bool:
        found = self._text.startswith(wanted, self._at)
        self._at += len(wanted) if found else 0
        return found

    def _matched(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        self._at = self._at if found is None else found.end()
        return found

    def _next(self) -> str:
        if self._at == len(self._text):
            self._refuse("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _chain(self) -> Node:
        parts = list[Node]()
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated())
        return Chain(tuple(parts))

    def _repeated(self) -> Node:
        node = self._atom()
        counts = self._counts()
        if counts is None:
            return node
        self._took("?")  # to prefer less changes nothing about whether there is a match
        if self._counts() is not None:
            self._refuse("what is repeated cannot be repeated again without a group")
        return Repeat(node, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._took(sign):
                return counts
        found = self._matched(_COUNT)
        if found is None:
            return None
        low = int(found[1][:5])
        high = low if found[2] is None else int(found[3][:5]) if found[3] else None
        if low > _MOST or (high is not None and not low <= high <= _MOST):
            self._refuse(f'"{found[0]}" is no number of times up to {_MOST}')
        return low, high

    def _atom(self) -> Node:
        character = self._next()
        if character in "*+?":
            self._at -= 1
            self._refuse("there is nothing to repeat")
        match character:
            case "(":
                node = self._group()
            case "^" | "$":
                node = Edge(self._edge(character))
            case "\\" if self._text[self._at : self._at + 1] in {*_EDGES}:
                node = Edge(_EDGES[self._next()])
            case _:
                node = Step(self._test(character))
        return node

    def _edge(self, character: str) -> Callable[[str, str], bool]:
        if "m" not in self._flags:
            return _EDGES["A" if character == "^" else "z"]
        return _LINES[character]

    def _test(self, character: str) -> Test:
        match character:
            case "[":
                return self._set()
            case ".":
                return bool if "s" in self._flags else partial(str.__ne__, "\n")
            case "\\":
                escaped = self._escaped()
                return self._folded(partial(str.__eq__, escaped)) if isinstance(escaped, str) else escaped
            case _:
                return self._folded(partial(str.__eq__, character))

    def _folded(self, test: Test) -> Test:
        if "i" not in self._flags:
            return test
        return lambda it: test(it) or test(it.lower()) or test(it.upper())

    def _group(self) -> Node:
        outer = self._flags
        if self._text.startswith("?", self._at):
            found = self._matched(_GROUP)
            if found is None:
                self._refuse("there are no lookarounds and no such groups")
            self._flags = (self._flags | set(found[1] or "")) - set(found[2] or "")
            if found[3] == ")":
                return Chain(())
        node = self.fork()
        if not self._took(")"):
            self._refuse('")" is missing')
        self._flags = outer
        return node

    def _escaped(self) -> str | Test:
        """Read what follows a backslash: a character, or a test."""
        if (found := self._matched(_HEX)) is not None:
            return self._character(int(found[1] or found[2], 16))
        if (found := self._matched(_CATEGORY)) is not None:
            test: Test = partial(_in_category, found[1] or found[3])
            return test if (found[0][0] == "p") is not bool(found[2]) else _not(test)
        name = self._next()
        if name in _ESCAPES:
            return _ESCAPES[name]
        if name.lower() in _CLASSES:
            test = _CLASSES[name.lower()]
            return test if name.islower() else _not(test)
        if name.isascii() and name.isalnum():
            self._at -= 1
            self._refuse("there are no backreferences" if name.isdigit() else f'"\\{name}" is not known')
        return name

    def _character(self, number: int) -> str:
        try:
            return chr(number)
        except ValueError:
            self._refuse("there is no such character")

    def _set(self) -> Test:
        negated, tests = self._took("^"), list[Test]()
        while not tests or not self._took("]"):
            tests.append(self._member())
        inside = self._folded(lambda it: any(test(it) for test in tests))
        return _not(inside) if negated else inside

    def _member(self) -> Test:
        if (found := self._matched(_POSIX)) is not None:
            if found[2] not in _NAMED:
                self._refuse(f'"{found[0]}" is not known')
            return _not(_NAMED[found[2]]) if found[1] else _NAMED[found[2]]
        first = self._single()
        if not isinstance(first, str):
            return first
        if self._text[self._at : self._at + 1] != "-" or self._text[self._at + 1 : self._at + 2] in {"]", ""}:
            return partial(str.__eq__, first)
        self._at += 1
        last = self._single()
        if not isinstance(last, str) or last < first:
            self._refuse("the range ends before it begins")
        return lambda it: first <= it <= last

    def _single(self) -> str | Test:
        return self._escaped() if self._took("\\") else self._next()


def _not(test: Test) -> Test:
    return lambda it: not test(it)


def _in_category(category: str, character: str) -> bool:
    return unicodedata.category(character).startswith(category)
