"""Changes to a file that leave what works as it is, and the text that they give."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from inngest_py.check.finding import Edit, Span
from inngest_py.check.source import Source


def add_keyword(source: Source, call: ast.Call, text: str, *, after_first: bool = True) -> tuple[Edit, ...]:
    """Add a keyword to a call that has keywords, behind the first of them or before it."""
    words = call.keywords
    if call.args or not words:
        return ()
    at = words[1] if after_first and len(words) > 1 else words[0]
    span = source.span_of(at)
    indent = source.lines[span.line - 1][: span.column - 1]
    newline = "\r\n" if "\r\n" in source.text else "\n"
    joint = f"{newline}{indent}" if not indent.strip() else " "
    return (Edit(Span(span.line, span.column, span.line, span.column), f"{text},{joint}"),)


def replaced(source: Source, node: ast.AST, text: str) -> tuple[Edit, ...]:
    """Put text in the place of a node."""
    return (Edit(source.span_of(node), text),)


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits. Of two that overlap the first one counts; the other waits for the next time."""
    lines = _line_starts(text)
    pieces: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.line, edit.span.column)):
        start = lines[edit.span.line - 1] + edit.span.column - 1
        if start < end:
            continue
        pieces += [text[end:start], edit.text]
        end = lines[edit.span.end_line - 1] + edit.span.end_column - 1
    return "".join([*pieces, text[end:]])


def _line_starts(text: str) -> Sequence[int]:
    """Where each line begins; a line ends with what the parser takes for an end."""
    starts = [0]
    for index, character in enumerate(text):
        if character == "\n" or (character == "\r" and text[index + 1 : index + 2] != "\n"):
            starts.append(index + 1)
    return starts
