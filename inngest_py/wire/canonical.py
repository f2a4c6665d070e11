"""The canonical form of JSON that signatures are computed over (RFC 8785).

As on the real server every number is a double: integers beyond 2^53 come out rounded (PROTOCOL 1.3).
"""

from __future__ import annotations

import math
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final, assert_never

from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import JSON

_WORDS: Final = {None: "null", True: "true", False: "false"}
_EXACT: Final = 1 << 53
_PLAIN_FROM: Final = 1e-4
"""From here on to where it writes an exponent, Python writes a double like ECMAScript, but for a `.0` at the end."""

_PLAIN_BELOW: Final = 21
_PLAIN_ABOVE: Final = -6


def canonical(value: JSON) -> bytes:
    """Write a JSON value in its canonical form, in UTF-8. Raises InvalidJSONError if it has none."""
    parts: list[str] = []
    try:
        _write(value, parts)
        return "".join(parts).encode()
    except (RecursionError, UnicodeEncodeError, OverflowError) as error:
        raise InvalidJSONError(f"the value has no canonical form: {error}") from None


def _write(value: JSON, out: list[str]) -> None:
    match value:
        case str():
            out.append(encode_basestring(value))
        case None | bool():
            out.append(_WORDS[value])
        case int() if -_EXACT <= value <= _EXACT:
            out.append(int.__repr__(value))
        case int() | float():
            out.append(_number(float(value)))
        case list():
            _write_list(value, out)
        case dict():
            _write_object(value, out)
        case _:
            assert_never(value)


def _write_list(values: list[JSON], out: list[str]) -> None:
    separator = "["
    for value in values:
        out.append(separator)
        _write(value, out)
        separator = ","
    out.append("]" if values else "[]")


def _write_object(pairs: dict[str, JSON], out: list[str]) -> None:
    separator = "{"
    for key in sorted(pairs) if "".join(pairs).isascii() else sorted(pairs, key=_utf16):
        out.append(separator + encode_basestring(key) + ":")
        _write(pairs[key], out)
        separator = ","
    out.append("}" if pairs else "{}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _number(number: float) -> str:
    """Write a double as ECMAScript does: the shortest digits, plain between 1e-6 and 1e21."""
    if not math.isfinite(number):
        raise InvalidJSONError(f"the value has no canonical form: {number} is not a JSON number")
    text = repr(number)
    if "e" not in text and abs(number) >= _PLAIN_FROM:
        return text.removesuffix(".0")
    if number == 0:
        return "0"
    sign, parts, exponent = Decimal(text).normalize().as_tuple()
    digits = "".join(map(str, parts))
    return ("-" if sign else "") + _place_point(digits, len(digits) + int(exponent))


def _place_point(digits: str, point: int) -> str:
    if _PLAIN_ABOVE < point <= 0:
        return "0." + "0" * -point + digits
    if 0 < point <= _PLAIN_BELOW:
        whole = digits[:point].ljust(point, "0")
        return f"{whole}.{digits[point:]}" if len(digits) > point else whole
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
