"""Values of CEL and what may be done with them, leniently (PROTOCOL 16)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, cast

from inngest_py.dev.shapes import as_list, as_object


class Fault(Exception):  # noqa: N818 - not an error of ours: an expression without a value, which matches nothing
    """An expression that has no value, because an operation does not fit its operands."""


class TypeName(str):
    """A type as a value, as in `type(x) == double`."""

    __slots__ = ()


def equal(left: Any, right: Any) -> bool:
    """Equality. Numbers of both kinds compare; otherwise different types are different."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if (items := as_list(left)) is not None:
        others = as_list(right)
        return others is not None and len(items) == len(others) and all(map(equal, items, others))
    if (pairs := as_object(left)) is not None:
        twin = as_object(right)
        return twin is not None and pairs.keys() == twin.keys() and all(equal(pairs[key], twin[key]) for key in pairs)
    if isinstance(left, TypeName) is not isinstance(right, TypeName):
        return False
    return bool(left == right)


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordered(sign: str, left: Any, right: Any) -> bool:
    """Order. Null is below everything; different types are in no order."""
    if left is None or right is None:
        return _ORDER[sign](left is not None, right is not None)
    return _order_kind(left) == _order_kind(right) != "" and _ORDER[sign](left, right)


def _order_kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str() | bytes() | datetime() | timedelta():
            return type(value).__name__
        case _:
            return ""


def contained(item: Any, container: Any) -> bool:
    """`item in container`; what is no container contains nothing."""
    items, pairs = as_list(container), as_object(container)
    if items is not None:
        return any(equal(item, other) for other in items)
    return pairs is not None and isinstance(item, str) and item in pairs


def select(value: Any, field: str) -> Any:
    """`value.field`; what is not there is null."""
    return (as_object(value) or {}).get(field)


def element(value: Any, index: Any) -> Any:
    """`value[index]`; what is not there is null."""
    items = as_list(value)
    if items is None:
        return select(value, index) if isinstance(index, str) else None
    if isinstance(index, bool) or not isinstance(index, (int, float)) or index != int(index):
        return None
    return items[int(index)] if 0 <= index < len(items) else None


def arithmetic(sign: str, left: Any, right: Any) -> Any:
    """`+ - * / %`; as in CEL the operands must be of one type. Raises Fault."""
    if isinstance(left, (datetime, timedelta)) or isinstance(right, (datetime, timedelta)):
        return _time_arithmetic(sign, left, right)
    if isinstance(left, bool) or type(left) is not type(right):
        raise Fault
    if sign == "+" and isinstance(left, (str, bytes, list)):
        return cast("Any", left) + right
    if not isinstance(left, (int, float)):
        raise Fault
    return _number_arithmetic(sign, left, right)


def _number_arithmetic(sign: str, left: Any, right: Any) -> Any:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _ if not right:
            raise Fault
        case "/":
            return left / right if isinstance(left, float) else _truncated(left, right)
        case _ if isinstance(left, float):
            raise Fault
        case _:
            return left - right * _truncated(left, right)


def _truncated(left: int, right: int) -> int:
    whole = abs(left) // abs(right)
    return whole if (left < 0) is (right < 0) else -whole


def _time_arithmetic(sign: str, left: Any, right: Any) -> Any:
    try:
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case _:
                raise Fault
    except TypeError:
        raise Fault from None


def type_of(value: Any) -> TypeName:
    """The type of a value, by the name that CEL gives it."""
    match value:
        case None:
            name = "null_type"
        case bool():
            name = "bool"
        case int():
            name = "int"
        case float():
            name = "double"
        case TypeName():
            name = "type"
        case str():
            name = "string"
        case list():
            name = "list"
        case dict():
            name = "map"
        case _:
            name = "bytes" if isinstance(value, bytes) else "timestamp" if isinstance(value, datetime) else "duration"
    return TypeName(name)
