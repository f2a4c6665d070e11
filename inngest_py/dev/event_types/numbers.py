"""Examples of numbers, within the bounds that a JSON Schema sets."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Final

from inngest_py.dev.event_types.schema import Schema

_LARGEST: Final = 1e150
_SMALLEST: Final = 1e-150
_CLOSE: Final = 1e-9


def a_number(schema: Schema, *, whole: bool) -> float:
    """A small number that fits: 1 if it does. One that no number fits gets 1, too."""
    return next((each for each in _candidates(schema, whole=whole) if _fits(each, schema)), 1)


def _candidates(schema: Schema, *, whole: bool) -> Iterator[float]:
    low = _bound(schema, "minimum", "exclusiveMinimum")
    high = _bound(schema, "maximum", "exclusiveMaximum")
    step = _number(schema, "multipleOf")
    yield 1
    if step:
        start = 0 if low is None else ceil(low / step)
        yield from (_rounded((start + count) * step, whole=whole) for count in (1, 0, 2))
        if high is not None:
            yield from (_rounded((high // step - count) * step, whole=whole) for count in (0, 1))
    yield from (
        _rounded(ceil(bound) + more, whole=True) for bound in (low, high) if bound is not None for more in (0, 1, -1)
    )
    yield 0
    if not whole:
        yield from (bound for bound in (low, high) if bound is not None)
        if low is not None and high is not None:
            yield low + (high - low) / 2


def _fits(number: float, schema: Schema) -> bool:
    least, more = _number(schema, "minimum"), _number(schema, "exclusiveMinimum")
    most, less = _number(schema, "maximum"), _number(schema, "exclusiveMaximum")
    step = _number(schema, "multipleOf")
    return (
        (least is None or number >= least)
        and (more is None or number > more)
        and (most is None or number <= most)
        and (less is None or number < less)
        and (not step or abs(number / step - round(number / step)) < _CLOSE)
    )


def _rounded(number: float, *, whole: bool) -> float:
    return round(number) if whole else round(number, 12)


def _bound(schema: Schema, *keywords: str) -> float | None:
    return next((found for keyword in keywords if (found := _number(schema, keyword)) is not None), None)


def _number(schema: Schema, keyword: str) -> float | None:
    """A number of a schema; none is so large or so small that arithmetic would fail."""
    value = schema.get(keyword)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if not value or _SMALLEST <= abs(value) <= _LARGEST else None
