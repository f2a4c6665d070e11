"""An example of the data that a JSON Schema describes: one that a person can read, and always the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from inngest_py.dev.event_types.numbers import a_number
from inngest_py.dev.event_types.schema import AT_ROOT, Document, Schema, Seen, choices, flat, type_of
from inngest_py.dev.event_types.strings import a_string
from inngest_py.dev.shapes import as_list, as_object, as_text

_DEEPEST: Final = 12
_MOST_VALUES: Final = 1_000
_MOST_ITEMS: Final = 20
_KEY: Final = "key"


class _EndlessError(Exception):
    """An example would have no end: what is described has itself in it, or is too large."""


def example_of(schemas: Sequence[Schema]) -> dict[str, Any]:
    """Data that has what each of the schemas asks for; where they differ the first is right."""
    found: dict[str, Any] = {}
    for schema in schemas:
        found = {**(as_object(example(schema)) or {}), **found}
    return found


def example(schema: Schema) -> Any:
    """A value as a schema describes it, or None if there is none of a reasonable size."""
    try:
        return _Maker(schema).make(schema, "string", AT_ROOT, 0)
    except _EndlessError:
        return None


class _Maker:
    """Makes one value, with all that is in it."""

    def __init__(self, root: Schema) -> None:
        self._document = Document(root)
        self._made = 0

    def make(self, schema: object, name: str, seen: Seen, depth: int) -> Any:
        """A value for what has a name. Raises _EndlessError."""
        self._made += 1
        found = flat(self._document, schema, seen)
        if found is None or depth > _DEEPEST or self._made > _MOST_VALUES:
            raise _EndlessError
        flattened, seen = found
        if given := _given(flattened):
            return given[0]
        if options := choices(flattened):
            return self._choose(options, name, seen, depth)
        return self._of_type(flattened, name, seen, depth + 1)

    def _of_type(self, flattened: Schema, name: str, seen: Seen, depth: int) -> Any:
        match type_of(flattened):
            case "object":
                return self._object(flattened, seen, depth)
            case "array":
                return self._list(flattened, name, seen, depth)
            case "string":
                return self._text(flattened, name, seen, depth)
            case "integer" | "number" as kind:
                return a_number(flattened, whole=kind == "integer")
            case kind:
                return True if kind == "boolean" else None

    def _choose(self, options: Sequence[Schema], name: str, seen: Seen, depth: int) -> Any:
        """The first choice that comes to an end."""
        for option in options[:-1]:
            try:
                return self.make(option, name, seen, depth)
            except _EndlessError:
                continue
        return self.make(options[-1], name, seen, depth)

    def _text(self, schema: Schema, name: str, seen: Seen, depth: int) -> str:
        inner = as_object(schema.get("contentSchema"))
        if inner is None or schema.get("contentMediaType") != "application/json":
            found = a_string(schema, name)
            if "pattern" in schema and not self._document.allows(len(found) ** 2 // 2):
                raise _EndlessError
            return found
        return json.dumps(self.make(inner, name, seen, depth))

    def _object(self, schema: Schema, seen: Seen, depth: int) -> dict[str, Any]:
        """All properties, but for those that would have no end and may be left out."""
        properties = as_object(schema.get("properties")) or {}
        required = [each for each in as_list(schema.get("required")) or () if isinstance(each, str)]
        found: dict[str, Any] = {}
        for name in dict.fromkeys((*properties, *required)):
            try:
                found[name] = self.make(properties.get(name), name, seen, depth)
            except _EndlessError:
                if name in required:
                    raise
        return found if properties else {**self._mapping(schema, seen, depth), **found}

    def _mapping(self, schema: Schema, seen: Seen, depth: int) -> dict[str, Any]:
        """An object that any keys may be in: one, with the value that is asked for."""
        patterns = as_object(schema.get("patternProperties")) or {}
        pattern, value = next(iter(patterns.items()), ("", as_object(schema.get("additionalProperties"))))
        few = not _count(schema, "minProperties")
        if few and not value:
            return {}
        try:
            keys = {"pattern": pattern} if pattern else as_object(schema.get("propertyNames")) or {}
            key = self.make({"allOf": [keys, {"type": "string"}]}, _KEY, seen, depth)
            return {as_text(key) or _KEY: self.make(value, "string", seen, depth)}
        except _EndlessError:
            if few:
                return {}
            raise

    def _list(self, schema: Schema, name: str, seen: Seen, depth: int) -> list[Any]:
        """What is asked for at each place, and one item of any more."""
        found = [self.make(each, name, seen, depth) for each in as_list(schema.get("prefixItems")) or ()]
        item, least = as_object(schema.get("items")), _count(schema, "minItems")
        wanted = min(max(least, 1), _count(schema, "maxItems", 1), _MOST_ITEMS) - len(found)
        if wanted < 1 or not (item or least > len(found)):
            return found
        try:
            return found + [self.make(item, name, seen, depth) for _ in range(wanted)]
        except _EndlessError:
            if least > len(found):
                raise
            return found


def _given(schema: Schema) -> Sequence[Any]:
    """What a schema itself says a value may be, the best first."""
    if examples := as_list(schema.get("examples")):
        return examples
    if schema.get("default") is not None:
        return (schema["default"],)
    if "const" in schema:
        return (schema["const"],)
    return as_list(schema.get("enum")) or ()


def _count(schema: Mapping[str, Any], keyword: str, default: int = 0) -> int:
    value = schema.get(keyword)
    return value if isinstance(value, int) and value >= 0 else default
