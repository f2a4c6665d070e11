"""What a rule finds, how bad that is, and what would put it right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Severity(IntEnum):
    """How bad it is: from what should be thought about to what breaks production."""

    WARNING = 1
    ERROR = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """As it is written in configuration and in reports."""
        return self.name.lower()


SEVERITIES = {severity.word: severity for severity in Severity}
"""The severities by the word for them."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a file. Lines and columns count from 1, columns in characters; the end is behind the last one."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to put in the place of a piece of a file. It changes nothing that works as it is."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A mistake in a file: where, which rule, and what to do about it.

    `path` is as it was given or found, `line_text` the line that it begins in. `edits` is empty where only a person
    can put it right.
    """

    code: str
    severity: Severity
    path: str
    span: Span
    message: str
    fix: str = ""
    line_text: str = ""
    edits: tuple[Edit, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The finding for programs."""
        return {
            "code": self.code,
            "severity": self.severity.word,
            "path": self.path,
            "line": self.span.line,
            "column": self.span.column,
            "end_line": self.span.end_line,
            "end_column": self.span.end_column,
            "message": self.message,
            "fix": self.fix,
            "fixable": bool(self.edits),
            "source": self.line_text,
        }
