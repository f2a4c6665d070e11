"""JSON text to values and back: strict in what is read, exact about what cannot be written."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from inngest_py.errors import InvalidJSONError, UnserializableError
from inngest_py.wire.codec import JSON, as_list, as_object, decode, encode
from json_values import FLOATS, TEXT, VALUES

NAN = float("nan")


class Colour(Enum):
    RED = "red"
    NOTHING = object()


@dataclass
class Point:
    x: Any
    y: Any = 0


class Order(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True)

    order_id: Any = Field(default=None, alias="orderId")
    total: float = 0
    lines: list[Any] = Field(default_factory=list)


class Stranger:
    def __repr__(self) -> str:
        return "<stranger>"


class Unshowable:
    def __repr__(self) -> str:
        raise OSError("no")


# Reading -----------------------------------------------------------------------------------------------------------


@given(VALUES)
def test_what_is_written_is_read_back_the_same(value: JSON) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_whatever_is_read_is_json_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except InvalidJSONError:
        return

    assert json.loads(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{} {}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"\xff",
        b'"\xc3\x28"',
        b"\xef\xbb\xbf{}",
        b'"\\ud800"',
        b"1" * 5_000,
        "{}".encode("utf-16"),
        b"<html></html>",
    ],
)
def test_what_is_not_json_in_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidJSONError, match="the body is not JSON"):
        decode(data)


def test_of_a_repeated_key_the_last_one_counts() -> None:
    assert decode(b'{"a": 1, "a": 2}') == {"a": 2}


def nested(depth: int, inner: bytes = b"") -> bytes:
    return b"[" * depth + inner + b"]" * depth


def test_json_may_be_nested_deeper_than_the_fast_reader_goes() -> None:
    value = decode(nested(300, b"7"))

    for _ in range(300):
        (value,) = value
    assert value == 7


@pytest.mark.parametrize("inner", [b"NaN", b"1,", b'"\\ud800"', b'"\xff"', b"1" * 5_000])
def test_deep_json_is_read_as_strictly_as_any_other(inner: bytes) -> None:
    with pytest.raises(InvalidJSONError, match="the body is not JSON"):
        decode(nested(300, inner))


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(InvalidJSONError, match="nested too deeply"):
        decode(nested(100_000))


def test_a_value_is_narrowed_to_what_it_is() -> None:
    assert as_object({"a": 1}) == {"a": 1}
    assert as_object([]) is None
    assert as_list([1]) == [1]
    assert as_list({}) is None


# Writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Order(orderId=5, total=9.5), Order),
        (Point(1, [2]), Point),
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), datetime),
        (date(2026, 1, 2), date),
        (timedelta(days=1, seconds=2), timedelta),
        (Decimal("10.10"), Decimal),
        (UUID(int=7), UUID),
        (Colour.RED, Colour),
        ({1, 2}, set[int]),
        ((1, "a"), tuple[int, str]),
        (frozenset({"a"}), frozenset[str]),
        (deque([1]), deque[int]),
        ({1: "a"}, dict[int, str]),
    ],
)
def test_what_people_have_comes_back_in_its_type(value: object, kind: type) -> None:
    assert TypeAdapter(kind).validate_json(encode(value)) == value


@given(st.recursive(FLOATS | TEXT, lambda inner: st.builds(Point, inner, st.lists(inner, max_size=3)), max_leaves=8))
def test_dataclasses_come_back_from_what_is_written(value: object) -> None:
    def plain(part: Any) -> Any:
        if isinstance(part, Point):
            return {"x": plain(part.x), "y": plain(part.y)}
        return [plain(item) for item in part] if isinstance(part, list) else part

    assert decode(encode(value)) == plain(value)


def test_a_model_is_written_with_its_aliases() -> None:
    assert decode(encode(Order(orderId="1"))) == {"orderId": "1", "total": 0, "lines": []}


def circle() -> object:
    value: dict[str, Any] = {"a": [1]}
    value["a"].append(value)
    return value


def circle_of_models() -> object:
    order = Order()
    order.lines.append({"parent": order})
    return order


def deep() -> object:
    value: object = 1
    for _ in range(400):
        value = [value]
    return value


CANNOT_BE_WRITTEN: list[tuple[Callable[[], object], str, str]] = [
    (Stranger, "$", "<stranger> is a Stranger"),
    (Unshowable, "$", "a value is an Unshowable"),
    (lambda: {"a": [1, {"b": Stranger()}]}, "$.a[1].b", "<stranger> is a Stranger"),
    (lambda: Order(lines=[{"by": Stranger()}]), "$.lines[0].by", "<stranger> is a Stranger"),
    (lambda: Point(1, Point(Stranger())), "$.y.x", "<stranger> is a Stranger"),
    (lambda: {"a": {Stranger()}}, "$.a[0]", "<stranger> is a Stranger"),
    (lambda: [(1, lambda: 1)], "$[0][1]", "is a function"),
    (lambda: {"kind": Stranger}, "$.kind", "is a type"),
    (lambda: {"a": {Stranger(): 1}}, "$.a[<stranger>]", "<stranger> is a Stranger"),
    (lambda: {"a": range(3)}, "$.a", "range(0, 3) is a range"),
    (lambda: [MappingProxyType({"a": 1})], "$[0]", "is a mappingproxy"),
    (lambda: [Colour.NOTHING], "$[0]", "is a Colour"),
    (lambda: {"a": Stranger(), "b": NAN}, "$.a", "<stranger> is a Stranger"),
    (lambda: [b"\xff\xfe"], "$[0]", r"b'\xff\xfe' are bytes that are no text in UTF-8: write them in base64"),
    (lambda: {"name": "a\ud800"}, "$.name", r"'a\ud800' has half of a surrogate pair in it"),
    (lambda: {"a\ud800": 1}, r"$['a\ud800']", "has half of a surrogate pair in it"),
    (circle, "$.a[1]", "it contains itself"),
    (circle_of_models, "$.lines[0].parent", "it contains itself"),
    (deep, "$" + "[0]" * 200, "it is nested too deeply"),
    (lambda: NAN, "$", "nan is not a JSON number"),
    (lambda: {"a": [1.5, float("-inf")]}, "$.a[1]", "-inf is not a JSON number"),
    (lambda: Point(NAN), "$.x", "nan is not a JSON number"),
    (lambda: [Order(total=NAN)], "$[0].total", "nan is not a JSON number"),
    (lambda: Order(lines=[{"price": float("inf")}]), "$.lines[0].price", "inf is not a JSON number"),
    (lambda: {"a": 10**400}, "$.a", "a whole number of more than 308 digits"),
    (lambda: Order(lines=[-(10**5_000)]), "$.lines[0]", "a whole number of more than 308 digits"),
]


@pytest.mark.parametrize(("make", "path", "reason"), CANNOT_BE_WRITTEN, ids=[path for _, path, _ in CANNOT_BE_WRITTEN])
def test_what_cannot_be_written_is_named_with_its_path(make: Callable[[], object], path: str, reason: str) -> None:
    with pytest.raises(UnserializableError) as caught:
        encode(make())

    assert caught.value.path == path
    assert reason in caught.value.reason


def test_a_long_value_is_shown_in_part() -> None:
    class Long:
        def __repr__(self) -> str:
            return "x" * 1_000

    with pytest.raises(UnserializableError) as caught:
        encode(Long())

    assert caught.value.reason == "x" * 59 + "… is a Long"


def test_a_fault_that_is_found_nowhere_is_told_in_the_serialisers_own_words() -> None:
    def lines():
        yield Stranger()

    with pytest.raises(UnserializableError, match="Stranger") as caught:
        encode({"lines": lines()})

    assert caught.value.path == "$"


@pytest.mark.parametrize("says", ["null", "strings"])
def test_a_model_that_says_how_to_write_nan_has_its_way(says: Any) -> None:
    class Reading(BaseModel):
        model_config = ConfigDict(ser_json_inf_nan=says)

        value: float
        note: str | None = None

    written = decode(encode([Reading(value=NAN)]))

    assert written == [{"value": None if says == "null" else "NaN", "note": None}]


def test_words_that_look_like_bad_numbers_are_fine() -> None:
    value = {"NaN": ["Infinity", "null", None, "9" * 400], "model": Order(orderId=None)}

    assert decode(encode(value))["NaN"] == ["Infinity", "null", None, "9" * 400]


def test_a_number_of_a_thousand_digits_is_a_string_if_it_is_written_as_one() -> None:
    assert decode(encode({"n": "1" * 1_000})) == {"n": "1" * 1_000}
