"""JSON text to values and back.

Reading is strict: no NaN, nothing after the value. Writing takes what people have (models, dataclasses, dates,
decimals, UUIDs, enums, sets) and refuses what has no JSON form, naming the place.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, cast

import pydantic_core

from inngest_py.errors import InvalidJSONError, UnserializableError

if TYPE_CHECKING:
    from pydantic import BaseModel

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""What JSON can say, in Python's types."""

OBJECT: Final[type[Any]] = dict
LIST: Final[type[Any]] = list
"""What JSON objects and lists are read as; a type checker takes their parts for Any, and not for unknown."""

_MAX_DEPTH: Final = 200
_SHOWN: Final = 60
_TOO_LARGE: Final = 10**308
_MANY_DIGITS: Final = b"0" * 309
_DIGITS_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")

_KINDS: Final[Mapping[type, str]] = {
    bytes: "are bytes that are no text in UTF-8: write them in base64",
    str: "has half of a surrogate pair in it",
}

_Check: TypeAlias = "Callable[[object, str], UnserializableError | None]"


def decode(data: bytes) -> Any:
    """Read JSON text in UTF-8. Raises InvalidJSONError, which says what is wrong and where."""
    try:
        return pydantic_core.from_json(data, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" not in str(error):
            raise InvalidJSONError(f"the body is not JSON: {error}") from None
    return _decode_deep(data)


def _decode_deep(data: bytes) -> Any:
    """Read what is nested deeper than the fast reader goes, and as strictly: no half of a surrogate pair."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise InvalidJSONError("the body is nested too deeply") from None
    except ValueError as error:
        raise InvalidJSONError(f"the body is not JSON: {error}") from None
    return value


def _refuse_constant(name: str) -> None:
    raise InvalidJSONError(f"the body is not JSON: {name} is not a JSON number")


def decode_object(data: bytes) -> dict[str, Any]:
    """Read JSON text where an answer that is no object says nothing: then the object is empty."""
    try:
        return as_object(decode(data)) or {}
    except InvalidJSONError:
        return {}


def as_object(value: Any) -> dict[str, Any] | None:
    """The value if it is a JSON object, else None."""
    return value if isinstance(value, OBJECT) else None


def as_list(value: Any) -> Sequence[Any] | None:
    """The value if it is a JSON list, else None."""
    return value if isinstance(value, LIST) else None


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which file names may bring in and UTF-8 cannot carry."""
    return text.encode(errors="backslashreplace").decode()


def encode(value: object, *, to_be_read: bool = False) -> bytes:
    """Write a value as JSON text in UTF-8. Raises UnserializableError with the path of what cannot be written.

    What is `to_be_read` into the same type has no fields in it that a model only computes.
    """
    try:
        text = pydantic_core.to_json(value, by_alias=True, round_trip=to_be_read)
    except (ValueError, RecursionError) as error:
        raise _find_fault(value, "$", (), _fault_of_type) or UnserializableError("$", str(error)) from None
    if _may_have_bad_number(text, value):
        fault = _find_fault(value, "$", (), _fault_of_number)
        if fault is not None:
            raise fault
    return text


def _may_have_bad_number(text: bytes, value: object) -> bool:
    """Whether a number may have been written as what no server reads, or, in a model, silently as null."""
    if type(value) is str:
        return False
    if b"NaN" in text or b"Infinity" in text:
        return True
    if len(text) > len(_MANY_DIGITS) and _MANY_DIGITS in text.translate(_DIGITS_TO_ZEROS):
        return True
    return b"null" in text and not _is_plain(value)


def _is_plain(value: object) -> bool:
    """Whether a value has only JSON's own types in it, as most have."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            rest.extend(cast("dict[object, object]", part).values())
        elif isinstance(part, (list, tuple)):
            rest.extend(cast("Sequence[object]", part))
        elif not isinstance(part, (str, int, float, NoneType)):
            return False
    return True


def _find_fault(value: object, path: str, above: tuple[int, ...], check: _Check) -> UnserializableError | None:
    """Find the first part of a value, depth first, in which a check sees a fault. `above` are the ids on the way."""
    if id(value) in above:
        return UnserializableError(path, "it contains itself")
    if len(above) == _MAX_DEPTH:
        return UnserializableError(path, "it is nested too deeply")
    parts = _parts(value)
    if parts is None:
        return check(value, path)
    inside = (_find_fault(part, path + way, (*above, id(value)), check) for way, part in parts)
    return next(filter(None, inside), None) or check(value, path)


def _parts(value: object) -> Iterable[tuple[str, object]] | None:
    """The parts of a container with the way to each, the keys of a mapping too; None if it is no container."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return (entry for key, part in pairs for entry in ((f"[{_shown(key)}]", key), (f".{key}", part)))
    if isinstance(value, (Sequence, AbstractSet)) and not isinstance(value, (str, bytes, bytearray)):
        return [(f"[{index}]", part) for index, part in enumerate(cast("Sequence[object]", value))]
    if _is_model(value):
        return _fields_of_model(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields_of(value, (field.name for field in fields(value)))
    return None


def _is_model(value: object) -> TypeGuard[BaseModel]:
    """Whether a value is a model of pydantic, which takes long to import: where nobody has, there are none."""
    module = sys.modules.get("pydantic.main")
    return module is not None and isinstance(value, module.BaseModel)


def _fields_of(value: object, names: Iterable[str]) -> Iterable[tuple[str, object]]:
    return [(f".{name}", getattr(value, name, None)) for name in names]


def _fields_of_model(model: BaseModel) -> Iterable[tuple[str, object]]:
    """The fields of a model, but no floats where its author has said how to write NaN."""
    found = _fields_of(model, type(model).model_fields)
    if type(model).model_config.get("ser_json_inf_nan") in {"null", "strings"}:
        return (entry for entry in found if not isinstance(entry[1], float))
    return found


def _fault_of_type(value: object, path: str) -> UnserializableError | None:
    try:
        pydantic_core.to_json(value)
    except (ValueError, RecursionError):
        return UnserializableError(path, f"{_shown(value)} {_KINDS.get(type(value)) or _named_type(value)}")
    return _fault_of_number(value, path)


def _fault_of_number(value: object, path: str) -> UnserializableError | None:
    if isinstance(value, float) and not math.isfinite(value):
        return UnserializableError(path, f"{value} is not a JSON number")
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return UnserializableError(path, "a whole number of more than 308 digits fits no double: make it a string")
    return None


def _named_type(value: object) -> str:
    name = type(value).__name__
    return f"is {'an' if name[:1].lower() in set('aeiou') else 'a'} {name}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a repr of the user's may raise anything, and this is only for a message
        return "a value"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
