"""Regular expressions, for `matches`: the syntax of RE2, in a time that grows only in line with the text.

The `re` module tries one way after the other, and for a pattern such as `(a+)+$` there are more ways than anybody can
wait for. Here all ways are followed at once, character by character. There are no backreferences and no lookarounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from inngest_py.dev.expression.pattern_syntax import Chain, Edge, Fork, Node, PatternError, Repeat, Step, parse_pattern

_LARGEST: Final = 2_000
_EFFORT: Final = 500_000
_Instruction: TypeAlias = "Step | Edge | tuple[int, ...] | None"


class TooMuchError(ValueError):
    """The text is too long for the pattern."""


class Pattern:
    """A program: characters to read, edges to be at, places to go on at, and None where it is done."""

    __slots__ = ("_program", "_visits")

    def __init__(self, node: Node) -> None:
        self._program: list[_Instruction] = []
        self._visits = 0
        self._emit(node)
        self._program.append(None)

    def effort(self, text: str) -> int:
        """How much there is to do at most to search a text."""
        return len(text) * len(self._program)

    def search(self, text: str) -> bool:
        """Whether it matches anywhere. Raises TooMuchError when pattern and text are too large together."""
        if self.effort(text) > _EFFORT:
            raise TooMuchError
        places, before = set[int](), ""
        for after in (*text, ""):
            reached = self._reached({0, *places}, before, after)
            if len(self._program) - 1 in reached:
                return True
            places = {place + 1 for place in reached if self._reads(place, after)}
            before = after
        return False

    def _reads(self, place: int, character: str) -> bool:
        found = self._program[place]
        return isinstance(found, Step) and bool(character) and found.test(character)

    def _reached(self, places: Iterable[int], before: str, after: str) -> set[int]:
        """Where one gets to from some places without reading anything."""
        left, reached = list(places), set[int]()
        while left:
            place = left.pop()
            if place in reached:
                continue
            reached.add(place)
            found = self._program[place]
            if isinstance(found, tuple):
                left.extend(found)
            elif isinstance(found, Edge) and found.test(before, after):
                left.append(place + 1)
        return reached

    def _emit(self, node: Node) -> None:
        self._visits += 1
        if self._visits > _LARGEST:
            raise PatternError("it is too large")
        match node:
            case Step() | Edge():
                self._program.append(node)
            case Chain(parts):
                for part in parts:
                    self._emit(part)
            case Fork(parts):
                self._fork(parts)
            case Repeat():
                self._repeat(node)

    def _fork(self, parts: tuple[Node, ...]) -> None:
        start, ways, ends = self._reserve(), list[int](), list[int]()
        for part in parts:
            ways.append(len(self._program))
            self._emit(part)
            ends.append(self._reserve())
        self._program[start] = tuple(ways)
        for end in ends:
            self._program[end] = (len(self._program),)

    def _repeat(self, node: Repeat) -> None:
        for _ in range(node.low):
            self._emit(node.part)
        if node.high is None:
            start = self._reserve()
            self._emit(node.part)
            self._program.append((start,))
            self._program[start] = (start + 1, len(self._program))
            return
        skips = list[int]()
        for _ in range(node.high - node.low):
            skips.append(self._reserve())
            self._emit(node.part)
        for skip in skips:
            self._program[skip] = (skip + 1, len(self._program))

    def _reserve(self) -> int:
        self._program.append(())
        return len(self._program) - 1


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Compile a pattern. Raises PatternError, which says what is wrong and where."""
    try:
        return Pattern(parse_pattern(text))
    except RecursionError:
        raise PatternError("it is nested too deeply") from None
