"""What does not fit a schema, in sentences that a person can do something about."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

import hypothesis
import pytest
from hypothesis import strategies
from pydantic import BaseModel, ConfigDict, Field

from inngest_py.config.event_type import EventType
from inngest_py.dev.event_types.example import example
from inngest_py.dev.event_types.mismatch import mismatches
from json_schemas import ANNOTATIONS, SCHEMAS, model_of


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku: str
    count: int = Field(ge=1)


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{4}$")


class Cash(BaseModel):
    kind: Literal["cash"]


class Order(BaseModel):
    order_id: str
    total: float
    weight: Decimal | None = None
    lines: list[Line] = []
    tags: set[str] = set()
    payment: Annotated[Card | Cash, Field(discriminator="kind")] = Cash(kind="cash")
    gift: Line | None = None


ORDER = EventType("order/placed", Order).schema
GOOD = {"order_id": "1", "total": 9}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"total": "x"}, 'data.total must be a number, not "x"'),
        ({"weight": []}, "data.weight must be a number or string or null, not []"),
        ({"lines": [{"sku": "a", "count": 1}, {"sku": "b"}]}, "data.lines[1].count is missing"),
        ({"lines": [{"sku": "a", "count": 0}]}, "data.lines[0].count must be an integer ≥ 1, not 0"),
        ({"lines": [{"sku": "a", "count": 1, "x": 1}]}, "data.lines[0].x is no field of it"),
        ({"payment": {"kind": "cheque"}}, 'data.payment.kind must be "card" or "cash", not "cheque"'),
        ({"payment": {"kind": "card", "number": "12"}}, 'data.payment.number must be a string like ^\\d{4}$, not "12"'),
        ({"payment": {}}, "data.payment must be an object, not {}"),
        ({"gift": {"sku": 5, "count": 1}}, "data.gift.sku must be a string, not 5"),
        ({"gift": 5}, "data.gift must be an object or null, not 5"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place_and_the_rule(changes: dict[str, Any], said: str) -> None:
    assert mismatches([ORDER], {**GOOD, **changes}) == (said,)


def test_a_rule_that_there_are_no_words_for_is_said_as_it_is() -> None:
    (said,) = mismatches([{"properties": {"a": {"not": {"const": 1}}}}], {"a": 1})

    assert said == "data.a: 1 should not be valid under {'const': 1}"


def test_data_that_fits_is_passed_over() -> None:
    assert mismatches([ORDER], {**GOOD, "tags": ["a", "a"], "more": 1}) == ()
    assert mismatches([], {}) == ()


def test_all_schemas_are_asked_and_nothing_is_said_twice() -> None:
    other = {"required": ["customer", "total"]}

    assert mismatches([ORDER, ORDER, other], {"order_id": "1"}) == ("data.total is missing", "data.customer is missing")


def test_only_so_much_is_said() -> None:
    assert len(mismatches([{"required": [f"f{number}" for number in range(99)]}], {})) == 8


def test_a_large_value_is_not_shown_whole() -> None:
    (said,) = mismatches([ORDER], {**GOOD, "total": "x" * 10_000})

    assert len(said) < 120


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "file:///etc/hostname"},
        {"$ref": "#/nowhere"},
        {"$ref": "#"},
        {"type": 5},
        {"required": 5},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"pattern": "(a+)+$(?=x)"}}},
    ],
)
def test_a_schema_that_makes_no_sense_says_nothing(schema: dict[str, Any]) -> None:
    assert mismatches([schema], {"a": "x"}) == ()


def test_a_schema_that_is_a_maze_is_left_in_time() -> None:
    twice = {f"d{number}": {"anyOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(60)}

    assert mismatches([{"$defs": {**twice, "d60": {"const": 1}}, "$ref": "#/$defs/d0"}], {}) == ()


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"$dynamicRef": "#/$defs/d0"}, {}),
        ({"anyOf": [{"$ref": "#/$defs/d0"}, True], "unevaluatedProperties": False}, {"x": 1}),
        ({"properties": {"x": {"items": {"allOf": [{"minimum": 0}] * 2_000}}}}, {"x": [1] * 12_000}),
        ({"properties": {"x": {"items": {"enum": [*range(10_000)]}}}}, {"x": [-1] * 12_000}),
        ({"properties": {"x": {"items": {"pattern": "(a?){600}b"}}}}, {"x": ["a" * 9] * 10_000}),
        ({"properties": {"x": {"items": {"pattern": "(a?){1000}b"}}}}, {"x": ["a" * 9] * 10_000}),
    ],
)
def test_what_takes_ever_longer_to_check_is_left_in_time(schema: dict[str, Any], data: dict[str, Any]) -> None:
    ways = ("$dynamicRef", "$ref")
    twice = {f"d{number}": {"allOf": [{way: f"#/$defs/d{number + 1}"} for way in ways]} for number in range(60)}

    assert len(mismatches([{"$defs": {**twice, "d60": {}}, **schema}], data)) <= 8


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, ()),
        ({"additionalProperties": False}, ("data.aaa! is no field of it", "data.b is no field of it")),
        (
            {"additionalProperties": {"type": "null"}},
            ("data.aaa! must be null, not 2", 'data.b must be null, not ""'),
        ),
    ],
)
def test_fields_may_be_told_by_a_pattern(more: dict[str, Any], said: tuple[str, ...]) -> None:
    schema = {"patternProperties": {"^(a+)+$": {"type": "integer"}}, **more}

    found = mismatches([schema], {"a" * 100: "x", "aaa!": 2, "b": "", "a": 1})

    assert found == (f'data.{"a" * 100} must be an integer, not "x"', *said)


def test_a_pattern_for_fields_that_is_not_understood_is_for_none_and_forbids_none() -> None:
    schema = {"patternProperties": {"(?=x)": {"type": "null"}}, "additionalProperties": False}

    assert mismatches([schema], {"x": 1}) == ()


def test_a_pattern_is_matched_in_a_time_that_grows_with_the_text() -> None:
    (said,) = mismatches([{"properties": {"a": {"pattern": "^(a+)+$"}}}], {"a": "a" * 100 + "b"})

    assert said.startswith("data.a must be a string like ^(a+)+$")


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(SCHEMAS, SCHEMAS)
def test_whatever_calls_itself_a_schema_is_checked_against(schema: dict[str, Any], data: dict[str, Any]) -> None:
    assert all(said.startswith("data") for said in mismatches([schema], data))


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(strategies.lists(ANNOTATIONS, max_size=3))
def test_an_example_fits_the_schema_that_it_is_made_from(annotations: list[Any]) -> None:
    schema = EventType("x", model_of(annotations)).schema

    assert mismatches([schema], json.loads(json.dumps(example(schema)))) == ()
