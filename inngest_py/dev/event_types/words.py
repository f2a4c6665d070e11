"""What a JSON Schema asks for, in a few words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from inngest_py.dev.event_types.schema import AT_ROOT, NULL, Document, Schema, Seen, choices, flat, type_of
from inngest_py.dev.shapes import as_list, as_object, as_text

ANYTHING: Final = "anything"
BOUNDS: Final = {
    "minimum": " ≥ {}",
    "exclusiveMinimum": " > {}",
    "maximum": " ≤ {}",
    "exclusiveMaximum": " < {}",
    "multipleOf": " that is a multiple of {}",
    "minLength": ", at least {} long",
    "maxLength": ", at most {} long",
    "pattern": " like {}",
    "minItems": ", at least {} long",
    "maxItems": ", at most {} long",
}
"""How what limits a value is put into words."""

_DEEPEST: Final = 4
_LONGEST: Final = 60
_MOST: Final = 8
_MORE: Final = "…"
_PLURALS: Final = ("string", "number", "boolean", "list", "integer", "object")


def in_words(document: Document, schema: object, seen: Seen = AT_ROOT, depth: int = 0) -> str:
    """What a value has to be, as in `list of integers ≥ 1`; what it is itself a part of is only named."""
    found = flat(document, schema, seen)
    if found is None or depth > _DEEPEST:
        _, slash, name = as_text((as_object(schema) or {}).get("$ref")).rpartition("/")
        return brief_text(name) if slash else _MORE
    flattened, seen = found
    if "const" in flattened:
        return brief(flattened["const"])
    if listed := as_list(flattened.get("enum")):
        return _either(map(brief, listed))
    if options := choices(flattened):
        return _either(in_words(document, each, seen, depth + 1) for each in options)
    kind = type_of(flattened) or ANYTHING
    if kind == "array":
        kind = _list(document, flattened, seen, depth + 1)
    elif kind == "object":
        kind = _object(document, flattened, seen, depth + 1)
    elif kind == "string" and as_text(flattened.get("format")):
        kind = f"string ({brief_text(as_text(flattened['format']))})"
    also_null = kind != NULL and NULL in (as_list(flattened.get("type")) or ())
    return "".join((kind, *_bounds(flattened), " or null" if also_null else ""))


def _list(document: Document, schema: Schema, seen: Seen, depth: int) -> str:
    first, item = as_list(schema.get("prefixItems")), as_object(schema.get("items"))
    if first:
        return f"list of {', then '.join(in_words(document, each, seen, depth) for each in first[:_MOST])}"
    return f"list of {_plural(in_words(document, item, seen, depth))}" if item else "list"


def _object(document: Document, schema: Schema, seen: Seen, depth: int) -> str:
    value = as_object(schema.get("additionalProperties"))
    if not value or schema.get("properties"):
        return "object"
    return f"object of {_plural(in_words(document, value, seen, depth))}"


def _plural(words: str) -> str:
    """The words for several: `integers ≥ 1` for `integer ≥ 1`."""
    kind = next((each for each in _PLURALS if words.startswith(each)), "")
    return f"{kind}s{words.removeprefix(kind)}" if kind else words


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    fixed = "prefixItems" in schema
    for keyword, words in BOUNDS.items():
        value = schema.get(keyword)
        if value is not None and not (keyword.endswith(("Items", "Length")) and (fixed or value == 0)):
            yield words.format(brief_text(value) if isinstance(value, str) else brief(value).removesuffix(".0"))


def _either(options: Iterable[str]) -> str:
    """Several, each once."""
    found = [*dict.fromkeys(options)]
    return " or ".join((*found[:_MOST], _MORE) if len(found) > _MOST else found)


def brief(value: object) -> str:
    """A JSON value as text, cut short where it is long."""
    return brief_text(json.dumps(value, ensure_ascii=False))


def brief_text(text: str) -> str:
    """A text, cut short where it is long."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _MORE
