"""Examples of strings, in the formats that JSON Schemas name."""

from __future__ import annotations

import string
from collections.abc import Iterable
from math import ceil
from typing import Final

from inngest_py.dev.event_types.schema import Schema
from inngest_py.dev.expression.pattern import TooMuchError, compile_pattern
from inngest_py.dev.expression.pattern_syntax import Chain, Edge, Fork, Node, PatternError, Repeat, Step, parse_pattern
from inngest_py.dev.shapes import as_text

_FORMATS: Final = {
    "base64": "aGVsbG8=",
    "base64url": "aGVsbG8=",
    "binary": "bytes",
    "color": "red",
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:00:00Z",
    "directory-path": ".",
    "duration": "PT1H",
    "email": "ada@example.com",
    "file-path": "file.txt",
    "hostname": "example.com",
    "idn-email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv4interface": "192.0.2.1/24",
    "ipv4network": "192.0.2.0/24",
    "ipv6": "2001:db8::1",
    "ipv6interface": "2001:db8::1/64",
    "ipv6network": "2001:db8::/32",
    "ipvanyaddress": "192.0.2.1",
    "ipvanyinterface": "192.0.2.1/24",
    "ipvanynetwork": "192.0.2.0/24",
    "json-string": "{}",
    "name-email": "Ada <ada@example.com>",
    "password": "secret",
    "path": "file.txt",
    "regex": "a+",
    "time": "09:00:00",
    "uri": "https://example.com/",
    "uri-reference": "/path",
    "url": "https://example.com/",
    "zoneinfo": "Europe/Paris",
}
_UUID: Final = "123e4567-e89b-{}2d3-a456-426614174000"
_LETTERS: Final = f"a1A-_ {string.ascii_lowercase}{string.digits}{string.ascii_uppercase}{string.punctuation}é\n"
_LONGEST: Final = 1_000


def a_string(schema: Schema, name: str) -> str:
    """A string in the format that is asked for, or that a pattern matches, or else the name of what it is for."""
    format = as_text(schema.get("format"))
    if format in _FORMATS:
        return _FORMATS[format]
    if format.startswith("uuid"):
        return _UUID.format(format.removeprefix("uuid") or "4")
    pattern = as_text(schema.get("pattern"))
    low, high = schema.get("minLength"), schema.get("maxLength")
    least = min(low, _LONGEST) if isinstance(low, int) else 0
    most = max(high, 0) if isinstance(high, int) else _LONGEST
    return (pattern and _by_pattern(pattern, least)) or _of_length(name or "string", least)[:most]


def _of_length(name: str, least: int) -> str:
    """The name, repeated as often as need be."""
    return " ".join([name] * max(1, ceil((least + 1) / (len(name) + 1))))


def _by_pattern(pattern: str, least: int) -> str:
    """A short string that a pattern matches; empty if none was found."""
    try:
        found = _written(parse_pattern(pattern), least)
        return found if compile_pattern(pattern).search(found) else ""
    except (PatternError, TooMuchError, RecursionError):
        return ""


def _written(node: Node, least: int) -> str:
    """The first string that a pattern describes; what may be there without end is there `least` times.

    Raises TooMuchError for one that is too long.
    """
    match node:
        case Step(test):
            found = next(filter(test, _LETTERS), "")
        case Edge():
            found = ""
        case Chain(parts):
            found = _joined(_written(part, least) for part in parts)
        case Fork(parts):
            found = _written(parts[0], least)
        case Repeat(part, low, high):
            times = max(low, least, 1) if high is None else min(max(low, 1), high)
            found = _joined([_written(part, least)] * times)
    return found


def _joined(parts: Iterable[str]) -> str:
    found = ""
    for part in parts:
        found += part
        if len(found) > _LONGEST:
            raise TooMuchError
    return found
