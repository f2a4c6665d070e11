"""A file of Python: its text, its tree, and the comments in it that tell the linter to look away."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from inngest_py.check.finding import Span

LARGEST: Final = 2 * 1024 * 1024
"""How many bytes a file may have. What is larger was written by a program, for a program."""

ALL: Final = frozenset({"*"})
"""A comment without codes: it is about every rule."""

_CODES: Final = r"(?::\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*))?"
_LINE: Final = re.compile(rf"#\s*noqa{_CODES}", re.IGNORECASE)
_FILE: Final = re.compile(rf"#\s*inngest-py:\s*noqa{_CODES}", re.IGNORECASE)


class UnreadableError(Exception):
    """A file that is no Python that this interpreter reads; `line` and `column` say where, from 1.

    `is_broken` is false for one that nobody can be expected to put right.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 1, *, is_broken: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = max(line, 1)
        self.column = max(column, 1)
        self.is_broken = is_broken


@dataclass(frozen=True)
class Source:
    """A file that was read. `is_test` says that it belongs to tests, where keys and functions are made up."""

    path: Path
    shown: str
    text: str
    tree: ast.Module = field(repr=False)
    is_test: bool = False

    @cached_property
    def lines(self) -> list[str]:
        """The lines, as the parser counts them."""
        return re.split(r"\r\n|\r|\n", self.text)

    @cached_property
    def looked_away(self) -> Mapping[int, frozenset[str]]:
        """The codes in the comments that say noqa, by line; those for the whole file are at line 0."""
        return _comments(self.text) if "noqa" in self.text.lower() else {}

    def span_of(self, node: ast.AST) -> Span:
        """Where a node stands."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
        column, end_column = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
        last = line if end_line is None else end_line
        return Span(
            line,
            self._characters(line, column),
            last,
            self._characters(last, column if end_column is None else end_column),
        )

    def line(self, number: int) -> str:
        """A line without the spaces around it; empty if there is none of this number."""
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def is_silenced(self, code: str, span: Span) -> bool:
        """Whether a comment at the file, or at the first or the last line of the span, is about this rule."""
        found = self.looked_away
        said = [found.get(line, frozenset()) for line in (0, span.line, span.end_line)]
        return any(codes is ALL or code in codes for codes in said)

    def _characters(self, line: int, octets: int) -> int:
        """A column of the tree, in bytes of UTF-8, as people count it."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return octets + 1 if text.isascii() else len(text.encode()[:octets].decode(errors="ignore")) + 1


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8 or as its coding line says. Raises UnreadableError."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UnreadableError(f"it has {size:,} bytes, and no more than {LARGEST:,} are read", is_broken=False)
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None
    try:
        return data.decode("utf-8-sig") if b"coding" not in data[:400] else _decoded(data)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise UnreadableError(f"it is not text in UTF-8: {error}") from None


def parse(text: str, path: Path) -> ast.Module:
    """The tree of a file. Raises UnreadableError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a file that is read and not run: a strange escape, for instance
            return ast.parse(text, filename=str(path))
    except SyntaxError as error:
        raise UnreadableError(f"it is not Python: {error.msg}", error.lineno or 1, error.offset or 1) from None
    except ValueError as error:
        raise UnreadableError(f"it is not Python: {error}") from None
    except (RecursionError, MemoryError):
        raise UnreadableError("it is nested too deep") from None


def _decoded(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding)


def _comments(text: str) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                _note(found, token.start[0], token.string)
    except (tokenize.TokenError, SyntaxError):
        return found  # what the parser has read and the tokenizer has not: then the rest has no comments
    return found


def _note(found: dict[int, frozenset[str]], line: int, comment: str) -> None:
    whole = _FILE.search(comment)
    said = whole or _LINE.search(comment)
    if said is None:
        return
    codes = said["codes"]
    at = 0 if whole else line
    if codes is None:
        found[at] = ALL
    elif found.get(at) is not ALL:
        found[at] = found.get(at, frozenset()) | frozenset(re.split(r"[\s,]+", codes.upper()))
