"""Where data is not as a JSON Schema describes it, in sentences. The one importer of jsonschema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any, Final, TypeAlias, cast

import referencing
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from inngest_py.dev.event_types.schema import Document, Schema
from inngest_py.dev.event_types.words import BOUNDS, brief, brief_text, in_words
from inngest_py.dev.expression.pattern import Pattern, compile_pattern
from inngest_py.dev.expression.pattern_syntax import PatternError
from inngest_py.dev.shapes import as_list, as_object

_MOST: Final = 8
_EFFORT: Final = 500_000
_EACH: Final = 10
"""How much is done to check an event, where one rule costs so much, and more if there is much to look at."""

_ARTICLES: Final = {"string": "a", "number": "a", "boolean": "a", "list": "a", "integer": "an", "object": "an"}
_OF_CHOICE: Final = frozenset({"anyOf", "oneOf"})
_OF_KIND: Final = frozenset({"type", "const", "enum"})
_IN_WORDS: Final = _OF_CHOICE | _OF_KIND | BOUNDS.keys()

_Errors = Iterator[ValidationError]
_Rule: TypeAlias = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


class _TooMuchError(Exception):
    """The schema is no description, but a maze."""


def mismatches(schemas: Iterable[Schema], data: Mapping[str, Any]) -> tuple[str, ...]:
    """What of an event's data is not as each of its schemas says, in sentences. None is there twice."""
    return tuple(dict.fromkeys(said for schema in schemas for said in _mismatches(schema, data)))


def _mismatches(schema: Schema, data: Mapping[str, Any]) -> Sequence[str]:
    """The same for one schema. It came from outside: one that nobody can make sense of says nothing."""
    try:
        errors = _validator(schema).iter_errors(data)
        document = Document(schema)
        return [*islice((said for error in errors for said in _sentences(document, error)), _MOST)]
    except Exception:
        return ()


def _validator(schema: Schema) -> Validator:
    """A validator that says nothing wrong and asks nobody: nothing is fetched, and it takes a limited time."""
    rules = _Rules()
    # A set may be sent with a value twice: its model takes that. No model asks for the other two.
    left_out = dict.fromkeys(("uniqueItems", "unevaluatedItems", "unevaluatedProperties"), _nothing)
    own = {"pattern": rules.pattern, "patternProperties": rules.by_pattern, "additionalProperties": rules.additional}
    known = cast("Mapping[str, _Rule]", Draft202012Validator.VALIDATORS)
    counted = {name: rules.counted(rule) for name, rule in {**known, **own, **left_out}.items()}
    kind = cast("Any", validators).extend(Draft202012Validator, counted)
    return cast("Validator", kind(dict(schema), registry=cast("Any", referencing).Registry()))


class _Rules:
    """What the library would take any time for; and for everything else only so much is done."""

    def __init__(self) -> None:
        self._left = _EFFORT
        self._patterns = dict[str, Pattern | None]()

    def counted(self, rule: _Rule) -> _Rule:
        """A rule that raises _TooMuchError when enough has been done."""

        def counting(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[ValidationError] | None:
            self._do(_EACH + _size(value) + _size(instance))
            return rule(validator, value, instance, schema)

        return counting

    def pattern(self, _: Any, value: Any, instance: Any, __: Any) -> _Errors:
        """Match in a time that grows only in line with the text."""
        if isinstance(instance, str) and not self._fits(value, instance):
            yield ValidationError("it does not match")

    def by_pattern(self, validator: Any, value: Any, instance: Any, _: Any) -> _Errors:
        """Hold the fields that a pattern fits against its schema."""
        for pattern, schema in (as_object(value) or {}).items():
            for name, field in (as_object(instance) or {}).items():
                if self._fits(pattern, name, unclear=False):
                    yield from validator.descend(field, schema, path=name, schema_path=pattern)

    def additional(self, validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
        """Hold the fields that nothing else is said of against a schema; an error of one that cannot be is its name."""
        known, patterns = (as_object(schema.get(each)) or {} for each in ("properties", "patternProperties"))
        for name, field in (as_object(instance) or {}).items():
            if name in known or any(self._fits(pattern, name) for pattern in patterns):
                continue
            if value is False:
                yield ValidationError(name)
            else:
                yield from validator.descend(field, value, path=name)

    def _fits(self, pattern: str, text: str, *, unclear: bool = True) -> bool:
        """Whether a pattern is found in a text; `unclear` is the answer for one that is not understood."""
        if pattern not in self._patterns:
            self._patterns[pattern] = _compiled(pattern)
        compiled = self._patterns[pattern]
        if compiled is None:
            return unclear
        self._do(_EACH * compiled.effort(text))
        return compiled.search(text)

    def _do(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise _TooMuchError


def _compiled(pattern: str) -> Pattern | None:
    try:
        return compile_pattern(pattern)
    except PatternError:
        return None


def _size(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _nothing(*_: Any) -> _Errors:
    return iter(())


def _sentences(document: Document, error: ValidationError) -> Iterator[str]:
    """What is wrong. Where only one of several choices can be meant, what is wrong with that one."""
    tags = _tags(error)
    if tags:
        wanted = dict.fromkeys(in_words(document, each.schema) for each in tags)
        yield f"{_path(tags[0])} must be {' or '.join(wanted)}, not {brief(tags[0].instance)}"
        return
    meant = _meant(error)
    if meant:
        for each in meant:
            yield from _sentences(document, each)
        return
    path, schema = _path(error), as_object(error.schema) or {}
    if error.validator == "required":
        yield from (f"{path}.{name} is missing" for name in _missing(error))
    elif error.validator == "additionalProperties" and error.validator_value is False:
        yield f"{path}.{error.message} is no field of it"
    elif error.validator not in _IN_WORDS:
        yield f"{path}: {brief_text(error.message)}"
    else:
        yield f"{path} must be {_with_article(in_words(document, schema))}, not {brief(error.instance)}"


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
