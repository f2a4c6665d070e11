"""Where data is not as a JSON Schema describes it, in sentences. The one importer of jsonschema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, cast

import referencing
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from inngest_py.dev.event_types.schema import Schema
from inngest_py.dev.event_types.words import BOUNDS, brief, brief_text, in_words
from inngest_py.dev.expression.pattern import TooMuchError, compile_pattern
from inngest_py.dev.expression.pattern_syntax import PatternError
from inngest_py.dev.shapes import as_list, as_object

_MOST: Final = 8
_EFFORT: Final = 50_000
"""How many references are followed: a schema may refer to itself in ways that never end."""

_ARTICLES: Final = {"string": "a", "number": "a", "boolean": "a", "list": "a", "integer": "an", "object": "an"}
_OF_CHOICE: Final = frozenset({"anyOf", "oneOf"})
_OF_KIND: Final = frozenset({"type", "const", "enum"})
_IN_WORDS: Final = _OF_CHOICE | _OF_KIND | BOUNDS.keys()

_Errors = Iterator[ValidationError]


class _TooMuchError(Exception):
    """The schema is no description, but a maze."""


def mismatches(schemas: Iterable[Schema], data: Mapping[str, Any]) -> tuple[str, ...]:
    """What of an event's data is not as each of its schemas says, in sentences. None is there twice."""
    return tuple(dict.fromkeys(said for schema in schemas for said in _mismatches(schema, data)))


def _mismatches(schema: Schema, data: Mapping[str, Any]) -> Sequence[str]:
    """The same for one schema. It came from outside: one that nobody can make sense of says nothing."""
    try:
        errors = _validator(schema).iter_errors(data)
        return [*islice((said for error in errors for said in _sentences(schema, error)), _MOST)]
    except Exception:
        return ()


def _validator(schema: Schema) -> Validator:
    """A validator that says nothing wrong and asks nobody: nothing is fetched, and it takes a limited time."""
    follow, left = Draft202012Validator.VALIDATORS["$ref"], [_EFFORT]

    def ref(validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
        left[0] -= 1
        if left[0] < 0:
            raise _TooMuchError
        yield from follow(validator, value, instance, schema) or ()

    # A set may be sent with a value twice: its model takes that.
    rules = {"$ref": ref, "pattern": _pattern, "uniqueItems": _nothing}
    kind = cast("Any", validators).extend(Draft202012Validator, rules)
    return cast("Validator", kind(dict(schema), registry=cast("Any", referencing).Registry()))


def _pattern(_: Any, value: Any, instance: Any, __: Any) -> _Errors:
    """Match in a time that grows only in line with the text. A pattern that is not understood matches."""
    try:
        if isinstance(instance, str) and not compile_pattern(value).search(instance):
            yield ValidationError("it does not match")
    except (PatternError, TooMuchError):
        return


def _nothing(*_: Any) -> _Errors:
    return iter(())


def _sentences(root: Schema, error: ValidationError) -> Iterator[str]:
    """What is wrong. Where only one of several choices can be meant, what is wrong with that one."""
    tags = _tags(error)
    if tags:
        wanted = dict.fromkeys(in_words(root, each.schema) for each in tags)
        yield f"{_path(tags[0])} must be {' or '.join(wanted)}, not {brief(tags[0].instance)}"
        return
    meant = _meant(error)
    if meant:
        for each in meant:
            yield from _sentences(root, each)
        return
    path, schema = _path(error), as_object(error.schema) or {}
    if error.validator == "required":
        yield from (f"{path}.{name} is missing" for name in _missing(error))
    elif error.validator == "additionalProperties" and error.validator_value is False:
        known = as_object(schema.get("properties")) or {}
        yield from (f"{path}.{name} is no field of it" for name in as_object(error.instance) or {} if name not in known)
    elif error.validator not in _IN_WORDS:
        yield f"{path}: {brief_text(error.message)}"
    else:
        yield f"{path} must be {_with_article(in_words(root, schema))}, not {brief(error.instance)}"


def _meant(error: ValidationError) -> Sequence[ValidationError]:
    """The errors of the one choice that is of the right kind, if there is one."""
    close = [each for each in _by_choice(error) if not any(map(_is_tag, each))]
    return close[0] if len(close) == 1 else ()


def _tags(error: ValidationError) -> Sequence[ValidationError]:
    """The errors of the field that tells the choices apart, if none of the choices has its value."""
    found = [next(filter(_is_tag, each), None) for each in _by_choice(error)]
    tags = [each for each in found if each is not None]
    return tags if len(tags) == len(found) and len({tuple(each.absolute_path) for each in tags}) == 1 else ()


def _by_choice(error: ValidationError) -> Sequence[Sequence[ValidationError]]:
    """The errors of each of several choices, but for those that are for values of another type."""
    found: dict[Any, list[ValidationError]] = {}
    for each in (error.context or ()) if error.validator in _OF_CHOICE else ():
        found.setdefault(each.schema_path[0], []).append(each)
    return [each for each in found.values() if not any(map(_is_of_another_type, each))]


def _is_of_another_type(error: ValidationError) -> bool:
    return error.validator in _OF_KIND and not error.relative_path


def _is_tag(error: ValidationError) -> bool:
    return error.validator in {"const", "enum"} and len(error.relative_path) == 1


def _missing(error: ValidationError) -> Iterator[str]:
    there = as_object(error.instance) or {}
    return (str(name) for name in as_list(error.validator_value) or () if name not in there)


def _path(error: ValidationError) -> str:
    """Where in the data it is, as in `data.lines[0].sku`."""
    return "data" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)


def _with_article(words: str) -> str:
    first = words.partition(" ")[0].strip(",")
    return f"{_ARTICLES[first]} {words}" if first in _ARTICLES else words
