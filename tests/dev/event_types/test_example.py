"""Examples made from JSON Schemas: such as a person would write, and such as the model takes."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import hypothesis
import pytest
from hypothesis import strategies
from pydantic import BaseModel, Field, TypeAdapter

from inngest_py.config.event_type import EventType
from inngest_py.dev.event_types.example import example, example_of
from json_schemas import ANNOTATIONS, SCHEMAS, Card, Cash, Line, model_of


class Order(BaseModel):
    """An order, as a shop has it."""

    order_id: str = Field(alias="orderId")
    total: Decimal = Field(gt=0)
    placed_at: datetime
    lines: list[Line] = Field(min_length=1)
    note: str | None = None
    payment: Card | Cash = Field(discriminator="kind")
    country: Literal["DE", "FR"] = "FR"


def test_an_example_of_an_order_is_one_that_a_person_would_write() -> None:
    made = example(EventType("order/placed", Order).schema)

    assert made == {
        "orderId": "orderId",
        "total": 1,
        "placed_at": "2026-01-31T09:00:00Z",
        "lines": [{"sku": "sku", "count": 1}],
        "note": "note",
        "payment": {"kind": "card", "number": "1" * 16},
        "country": "FR",
    }
    Order.model_validate_json(json.dumps(made))


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(strategies.lists(ANNOTATIONS, max_size=4))
def test_a_model_takes_the_example_that_is_made_from_its_schema(annotations: list[Any]) -> None:
    event_type = EventType("x", model_of(annotations))

    made = example(event_type.schema)

    event_type.validate(TypeAdapter(event_type.model).validate_json(json.dumps(made)))
    assert made.keys() == event_type.model.model_fields.keys()


@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(SCHEMAS)
def test_whatever_calls_itself_a_schema_gives_an_example_that_is_json(schema: dict[str, Any]) -> None:
    assert example(json.loads(json.dumps(schema))) == example(schema)
    json.dumps(example_of([schema, schema]))


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "integer", "examples": [7], "default": 3}, 7),
        ({"type": "integer", "default": 3, "enum": [1, 3]}, 3),
        ({"type": "integer", "default": None}, 1),
        ({"const": 5}, 5),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": ["null", "string"]}, "string"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"oneOf": [{"type": "string", "format": "email"}]}, "ada@example.com"),
        ({"type": "string", "format": "uuid7"}, "123e4567-e89b-72d3-a456-426614174000"),
        ({"type": "string", "pattern": "(?=lookahead)", "maxLength": 3}, "str"),
        ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.5}, 1.25),
        ({"type": "number", "minimum": 3, "maximum": 2}, 1),
        ({"type": "integer", "multipleOf": 7, "maximum": 0}, 0),
        (
            {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"const": 2}}}]},
            {"a": 1, "b": 2},
        ),
        ({"required": ["a"], "type": "object"}, {"a": None}),
        ({"type": "object", "properties": {"me": {"$ref": "#"}}}, {}),
        ({"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]}, None),
        ({"properties": {"mine": {"type": "array", "items": {"$ref": "#"}}}}, {"mine": []}),
        ({"properties": {"mine": {"items": {"$ref": "#"}, "minItems": 1}}, "required": ["mine"]}, None),
        ({"properties": {"mine": {"additionalProperties": {"$ref": "#"}}}}, {"mine": {}}),
        ({"properties": {"mine": {"additionalProperties": {"$ref": "#"}, "minProperties": 1}}}, {}),
        ({"properties": {"mine": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}, {"mine": None}),
        ({"type": "integer", "multipleOf": 7, "maximum": -1}, -7),
        ({"type": "number", "multipleOf": 0.25, "minimum": 2.1}, 2.5),
        ({"type": "integer", "exclusiveMinimum": 4}, 5),
        ({"pattern": "^(ab|c)[0-9]{2,}$"}, "ab11"),
        ({"pattern": "^a{900}a{900}$"}, "string"),
        ({"type": "object", "propertyNames": {"enum": ["x"]}, "additionalProperties": {"type": "null"}}, {"x": None}),
        ({"type": "object", "patternProperties": {"^x[0-9]$": {"const": 1}}}, {"x1": 1}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer", "minimum": 9}}}, 9),
        ({"$ref": "https://example.com/schema"}, None),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, None),
    ],
)
def test_an_example_is_what_the_schema_says_first(schema: dict[str, Any], made: object) -> None:
    assert example(schema) == made


def test_a_schema_that_describes_ever_more_gives_an_example_of_a_reasonable_size() -> None:
    definitions = {f"d{number}": wide(number + 1) for number in range(50)}

    made = example({"$defs": {**definitions, "d50": {"type": "integer"}}, **wide(0)})

    assert len(json.dumps(made)) < 100_000


def wide(number: int) -> dict[str, Any]:
    return {"type": "object", "properties": {key: {"$ref": f"#/$defs/d{number}"} for key in "abcdefgh"}}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {f"x{number}": {"$ref": "#/$defs/wide"} for number in range(200)}},
        {"properties": {f"x{number}": {"pattern": f"a{{590}}{number}"} for number in range(200)}},
    ],
)
def test_a_schema_that_takes_ever_longer_to_read_is_left_in_time(schema: dict[str, Any]) -> None:
    wide = {"allOf": [{"properties": {f"p{number}": {}}, "required": [f"p{number}"]} for number in range(1_500)]}

    assert len(example_of([{"$defs": {"wide": wide}, **schema}])) < 100


@pytest.mark.parametrize("step", [1e-320, 1e-200, 1e200, 10**400])
def test_a_number_that_nobody_can_count_with_is_passed_over(step: float) -> None:
    assert example({"type": "number", "multipleOf": step, "minimum": 5, "maximum": 9}) in {5, 6}


def test_an_event_that_two_models_describe_has_what_each_asks_for() -> None:
    first = {"properties": {"a": {"const": 1}, "b": {"const": 1}}}
    second = {"properties": {"b": {"const": 2}, "c": {"const": 2}}}

    assert example_of([first, second]) == {"a": 1, "b": 1, "c": 2}
    assert example_of([{"type": "string"}]) == example_of([]) == {}
