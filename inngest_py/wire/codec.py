"""JSON text to values and back.

Reading is strict: no NaN, nothing after the value. Writing takes what people have (models, dataclasses, dates,
decimals, UUIDs, enums, sets) and refuses what has no JSON form, naming the place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set as AbstractSet
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeAlias, cast

import pydantic_core

from inngest_py.errors import InvalidJSONError, UnserializableError

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"
"""What JSON can say, in Python's types."""

_MAX_DEPTH: Final = 200
_SHOWN: Final = 60
_NOT_FINITE: Final = (b"NaN", b"Infinity")


def decode(data: bytes) -> Any:
    """Read JSON text in UTF-8. Raises InvalidJSONError, which says what is wrong and where."""
    try:
        return pydantic_core.from_json(data, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" not in str(error):
            raise InvalidJSONError(f"the body is not JSON: {error}") from None
    return _decode_deep(data)


def _decode_deep(data: bytes) -> Any:
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidJSONError("the body is nested too deeply") from None
    except ValueError as error:
        raise InvalidJSONError(f"the body is not JSON: {error}") from None


def _refuse_constant(name: str) -> None:
    raise InvalidJSONError(f"the body is not JSON: {name} is not a JSON number")


def encode(value: object) -> bytes:
    """Write a value as JSON text in UTF-8. Raises UnserializableError with the path of what cannot be written."""
    try:
        text = pydantic_core.to_json(value, by_alias=True)
    except (pydantic_core.PydanticSerializationError, ValueError, RecursionError) as error:
        raise _explain(value, error) from None
    if any(word in text for word in _NOT_FINITE):
        _check_finite(value)
    return text


def _explain(value: object, error: Exception) -> UnserializableError:
    found = _fault(value, "$", 0, finite_only=False)
    return found if found is not None else UnserializableError("$", str(error))


def _check_finite(value: object) -> None:
    found = _fault(value, "$", 0, finite_only=True)
    if found is not None:
        raise found


def _fault(value: object, path: str, depth: int, *, finite_only: bool) -> UnserializableError | None:
    """Find the first part of a value that has no JSON form, depth first."""
    if depth > _MAX_DEPTH:
        return UnserializableError(path, "nested too deeply, or it contains itself")
    if isinstance(value, float) and not math.isfinite(value):
        return UnserializableError(path, f"{value} is not a JSON number")
    parts = _parts(value)
    if parts is None:
        return None if finite_only else _fault_of_leaf(value, path)
    for name, part in parts:
        found = _fault(part, path + name, depth + 1, finite_only=finite_only)
        if found is not None:
            return found
    return None


def _parts(value: object) -> list[tuple[str, object]] | None:
    """The parts of a container with the way to each, or None if it is no container."""
    if isinstance(value, Mapping):
        return [(f".{key}", part) for key, part in cast("Mapping[object, object]", value).items()]
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(value, (str, bytes, bytearray)):
        return [(f"[{index}]", part) for index, part in enumerate(cast("Sequence[object]", value))]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name, None)) for field in fields(value)]
    model_fields = getattr(type(value), "model_fields", None)
    if isinstance(model_fields, dict):
        return [(f".{name}", getattr(value, name, None)) for name in cast("dict[str, object]", model_fields)]
    return None


def _fault_of_leaf(value: object, path: str) -> UnserializableError | None:
    try:
        pydantic_core.to_json(value)
    except (pydantic_core.PydanticSerializationError, ValueError, RecursionError):
        return UnserializableError(path, f"{_shown(value)} is a {type(value).__qualname__}")
    return None


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a repr of the user's may raise anything, and this is only for a message
        return "a value"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
