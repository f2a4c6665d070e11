"""Finding one's way in a JSON Schema. It came from outside: whatever does not look as it should says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from inngest_py.dev.shapes import as_list, as_object

Schema: TypeAlias = Mapping[str, Any]
Seen: TypeAlias = frozenset[str]

AT_ROOT: Final[Seen] = frozenset({"#"})
NULL: Final = "null"
_CHOICES: Final = ("anyOf", "oneOf")

_ELSEWHERE: Final = ("$ref", "allOf")
_EFFORT: Final = 1_000_000
_EACH: Final = 50
"""How much of a document is looked at, and what one look costs; whatever is copied in it costs 1."""

_TYPE_OF: Final = {
    "properties": "object",
    "additionalProperties": "object",
    "prefixItems": "array",
    "items": "array",
    "pattern": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "exclusiveMinimum": "number",
    "maximum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


class Document:
    """A whole schema, to which references in it refer. Only so much of it is looked at: it may be a maze."""

    __slots__ = ("_left", "root")

    def __init__(self, root: Schema) -> None:
        self.root = root
        self._left = _EFFORT

    def allows(self, cost: int) -> bool:
        """Whether one may go on, at this cost."""
        self._left -= cost
        return self._left >= 0


def flat(document: Document, schema: object, seen: Seen = AT_ROOT) -> tuple[Schema, Seen] | None:
    """A schema joined with all that it refers to, and what has been seen then.

    What a schema says itself goes before what it refers to. None if that was seen on the way here, or if enough of the
    document has been looked at.
    """
    found: dict[str, Any] = {}
    joined, left = set[str](), [schema]
    while left:
        part = as_object(left.pop(0)) or {}
        found = _joined({key: value for key, value in part.items() if key not in _ELSEWHERE}, found)
        if not document.allows(_EACH + _size(found)):
            return None
        left += as_list(part.get("allOf")) or ()
        ref = part.get("$ref")
        if not isinstance(ref, str) or ref in joined:
            continue
        if ref in seen:
            return None
        joined.add(ref)
        left.insert(0, _target(document.root, ref))
    return found, seen | joined


def _joined(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Two schemas as one; where both say something `inner` is right."""
    properties = {**(as_object(outer.get("properties")) or {}), **(as_object(inner.get("properties")) or {})}
    required = [*(as_list(inner.get("required")) or ()), *(as_list(outer.get("required")) or ())]
    both = {"properties": properties, "required": required}
    return {**outer, **inner, **{key: value for key, value in both.items() if value}}


def _size(schema: Schema) -> int:
    """How much is copied where a flat schema is joined with another, or its choices are made."""
    options = sum(len(as_list(schema.get(each)) or ()) for each in _CHOICES)
    copied = len(as_object(schema.get("properties")) or ()) + len(as_list(schema.get("required")) or ())
    return copied + len(schema) * (1 + options)


def _target(root: Schema, ref: str) -> object:
    """What a reference within the document points to, or None."""
    found: object = root
    for part in unquote(ref).removeprefix("#").split("/")[1:]:
        found = (as_object(found) or {}).get(part.replace("~1", "/").replace("~0", "~"))
    return found if ref.startswith("#") else None


def type_of(schema: Schema) -> str:
    """The type that a flat schema asks for, the first that is not null if there are several; empty if it may be any."""
    given = schema.get("type")
    if given is None:
        return next((name for keyword, name in _TYPE_OF.items() if keyword in schema), "")
    names = [name for name in (as_list(given) or (given,)) if isinstance(name, str)]
    return min(names, key=lambda name: name == NULL, default="")


def choices(schema: Schema) -> list[Schema]:
    """What a flat schema leaves the choice between, each as a schema; null is the last."""
    rest = {key: value for key, value in schema.items() if key not in _CHOICES}
    listed = next(filter(None, (as_list(schema.get(each)) for each in _CHOICES)), ())
    found = [{**rest, **each} for each in map(as_object, listed) if each is not None]
    return sorted(found, key=lambda each: each.get("type") == NULL)
