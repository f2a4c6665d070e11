"""The functions of expressions: those of CEL that the real server has, and its own (PROTOCOL 16)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sized
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, cast

from inngest_py.dev.duration import parse_date, parse_duration
from inngest_py.dev.expression.pattern import TooMuchError, compile_pattern
from inngest_py.dev.expression.pattern_syntax import PatternError
from inngest_py.dev.expression.value import Fault, type_of
from inngest_py.dev.texts import doubles
from inngest_py.errors import InngestError
from inngest_py.wire.codec import decode

Plain: TypeAlias = Callable[..., Any]
TYPES: Final = ("bool", "bytes", "double", "duration", "int", "list", "map", "null_type", "string", "timestamp", "type")
"""Names that stand for a type."""


def _size(value: Any) -> int:
    if isinstance(value, (str, bytes, list, dict)):
        return len(cast("Sized", value))
    raise Fault


def _int(value: Any) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return int(_converted(int, value))
    raise Fault


def _double(value: Any) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        return float(_converted(float, value))
    raise Fault


def _converted(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except (ValueError, OverflowError):
        raise Fault from None


def _string(value: Any) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case bytes():
            text = value.decode(errors="replace")
        case float():
            text = str(int(value)) if value.is_integer() else repr(value)
        case int():
            text = str(value)
        case datetime():
            text = value.isoformat().replace("+00:00", "Z")
        case timedelta():
            text = f"{value.total_seconds():g}s"
        case _:
            raise Fault
    return text


def _bool(value: Any) -> bool:
    match value:
        case bool():
            return value
        case "true" | "True" | "TRUE" | "t" | "1":
            return True
        case "false" | "False" | "FALSE" | "f" | "0":
            return False
        case _:
            raise Fault


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _moment(value)
    return _moment(_converted(parse_date, _text(value)))


def _moment(ms: float) -> datetime:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Fault from None


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    text = _text(value)
    ms = _converted(parse_duration, text.removeprefix("-"))
    return timedelta(milliseconds=-ms if text.startswith("-") else ms)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Fault
    return value


def _b64decode(value: Any) -> str:
    try:
        return base64.b64decode(_text(value)).decode()
    except (binascii.Error, ValueError):
        raise Fault from None


def _json_parse(value: Any) -> Any:
    try:
        return doubles(decode(_text(value).encode()))
    except InngestError:
        raise Fault from None


def _matches(value: Any, pattern: Any) -> bool:
    try:
        return compile_pattern(_text(pattern)).search(_text(value))
    except (PatternError, TooMuchError):
        raise Fault from None


def _same(value: Any) -> Any:
    return value


def _lowercase(value: Any) -> str:
    return _text(value).lower()


def _uppercase(value: Any) -> str:
    return _text(value).upper()


def _before(now: int, value: Any) -> datetime:
    return _moment(now) - _duration(value)


def _after(now: int, value: Any) -> datetime:
    return _moment(now) + _duration(value)


def _contains(value: Any, part: Any) -> bool:
    return _text(part) in _text(value)


def _starts_with(value: Any, part: Any) -> bool:
    return _text(value).startswith(_text(part))


def _ends_with(value: Any, part: Any) -> bool:
    return _text(value).endswith(_text(part))


FUNCTIONS: Final[dict[str, tuple[int, Plain]]] = {
    "b64decode": (1, _b64decode),
    "bool": (1, _bool),
    "bytes": (1, _bytes),
    "date": (1, _timestamp),
    "double": (1, _double),
    "duration": (1, _duration),
    "dyn": (1, _same),
    "int": (1, _int),
    "json_parse": (1, _json_parse),
    "lowercase": (1, _lowercase),
    "matches": (2, _matches),
    "size": (1, _size),
    "string": (1, _string),
    "timestamp": (1, _timestamp),
    "type": (1, type_of),
    "uint": (1, _int),
    "uppercase": (1, _uppercase),
}
"""Functions by name, with how many arguments they take."""

TIMED: Final[dict[str, tuple[int, Plain]]] = {
    "now": (0, _moment),
    "now_minus": (1, _before),
    "now_plus": (1, _after),
}
"""Functions that are told the time first, which their number of arguments does not count."""


def _part(read: Callable[[datetime], int]) -> Plain:
    def part(value: Any) -> int:
        if not isinstance(value, datetime):
            raise Fault
        return read(value)

    return part


METHODS: Final[dict[str, tuple[int, Plain]]] = {
    "contains": (1, _contains),
    "endsWith": (1, _ends_with),
    "getDate": (0, _part(lambda when: when.day)),
    "getDayOfMonth": (0, _part(lambda when: when.day - 1)),
    "getDayOfWeek": (0, _part(lambda when: when.isoweekday() % 7)),
    "getFullYear": (0, _part(lambda when: when.year)),
    "getHours": (0, _part(lambda when: when.hour)),
    "getMinutes": (0, _part(lambda when: when.minute)),
    "getMonth": (0, _part(lambda when: when.month - 1)),
    "getSeconds": (0, _part(lambda when: when.second)),
    "matches": (1, _matches),
    "size": (0, _size),
    "startsWith": (1, _starts_with),
}
"""Methods by name, with how many arguments they take besides their target."""
