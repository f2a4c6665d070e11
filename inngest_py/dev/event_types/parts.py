"""The fields that a JSON Schema describes, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from inngest_py.dev.event_types.schema import AT_ROOT, Document, Schema, Seen, choices, flat
from inngest_py.dev.event_types.words import brief_text, in_words
from inngest_py.dev.shapes import as_list, as_object, as_text

_MOST: Final = 200
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A field: its path, as in `lines[].sku`, what it has to be, whether it has to be there, and what is said of it."""

    path: str
    kind: str
    required: bool
    says: str = ""


def parts_of(schema: Schema) -> tuple[Part, ...]:
    """The fields of what a schema describes, and theirs, each once."""
    return tuple(dict.fromkeys(islice(_within(Document(schema), schema, "", AT_ROOT, 0), _MOST)))


def _within(document: Document, schema: object, path: str, seen: Seen, depth: int) -> Iterator[Part]:
    """The fields of an object, of the items of a list, or of any of several choices."""
    found = flat(document, schema, seen)
    if found is None or depth > _DEEPEST:
        return
    flattened, seen = found
    required = as_list(flattened.get("required")) or ()
    for name, each in (as_object(flattened.get("properties")) or {}).items():
        inner = f"{path}.{name}" if path else name
        says = as_text((as_object(each) or {}).get("description"))
        yield Part(inner, in_words(document, each, seen), name in required, brief_text(says))
        yield from _within(document, each, inner, seen, depth + 1)
    for each in choices(flattened):
        yield from _within(document, each, path, seen, depth + 1)
    yield from _within(document, flattened.get("items"), f"{path}[]", seen, depth + 1)
    yield from _within(document, flattened.get("additionalProperties"), f"{path}.*" if path else "*", seen, depth + 1)
