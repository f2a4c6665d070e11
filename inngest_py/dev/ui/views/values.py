"""JSON as a person reads it: indented, coloured, and cut short where it is long. All of it can be had as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MOST_SHOWN: Final = 4_000
"""How many characters of a value a page shows."""

_MOST_LINES: Final = 120
_MOST_READ: Final = 100_000
_TOKEN: Final = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=:))|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d[\d.eE+-]*)|(?P<word>true|false|null)'
)
_UNITS: Final = ("bytes", "KB", "MB", "GB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A value on a page: pieces of text, each with its kind. If it is `cut`, all of it is at `link`."""

    pieces: tuple[tuple[str, str], ...]
    size: str
    link: str
    cut: bool = False

    @property
    def text(self) -> str:
        """What is shown, without the kinds."""
        return "".join(text for _, text in self.pieces)


def shown(text: str, link: str) -> Shown:
    """JSON text on a page. What is too long to be read is not even parsed."""
    whole = _indented(text) if len(text) <= _MOST_READ else text
    short = _shortened(whole)
    return Shown(pieces=tuple(_pieces(short)), size=human_size(len(text.encode())), link=link, cut=short != whole)


def plainly(text: str, link: str) -> Shown:
    """A text that is no JSON, such as a traceback."""
    short = _shortened(text)
    return Shown(pieces=(("", short),), size=human_size(len(text.encode())), link=link, cut=short != text)


def human_size(size: int) -> str:
    """A size in bytes, as people say it."""
    number, unit = float(size), 0
    while number >= 1_000 and unit < len(_UNITS) - 1:
        number, unit = number / 1_000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{size} {_UNITS[0]}"


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _shortened(text: str) -> str:
    lines = text[:MOST_SHOWN].split("\n", _MOST_LINES)
    return "\n".join(lines[:_MOST_LINES])


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    end = 0
    for found in _TOKEN.finditer(text):
        if found.start() > end:
            yield "", text[end : found.start()]
        yield found.lastgroup or "", found.group()
        end = found.end()
    if end < len(text):
        yield "", text[end:]
