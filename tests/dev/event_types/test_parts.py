"""The fields of a schema, each in a few words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import hypothesis
import pytest
from pydantic import BaseModel, Field

from inngest_py.config.event_type import EventType
from inngest_py.dev.event_types.parts import Part, parts_of
from inngest_py.dev.event_types.schema import Document
from inngest_py.dev.event_types.words import in_words
from json_schemas import SCHEMAS


class Line(BaseModel):
    sku: str = Field(description="What the shelf says.")
    count: int = Field(ge=1, le=5)


class Card(BaseModel):
    kind: Literal["card"]


class Cash(BaseModel):
    kind: Literal["cash"]


class Order(BaseModel):
    order_id: str
    lines: list[Line] = Field(min_length=1)
    prices: dict[str, list[float]] = {}
    payment: Annotated[Card | Cash, Field(discriminator="kind")]
    before: Order | None = None


def test_the_fields_of_an_order_are_listed_with_those_within():
    assert parts_of(EventType("order/placed", Order).schema) == (
        Part("order_id", "string", required=True),
        Part("lines", "list of objects, at least 1 long", required=True),
        Part("lines[].sku", "string", required=True, says="What the shelf says."),
        Part("lines[].count", "integer ≥ 1 ≤ 5", required=True),
        Part("prices", "object of lists of numbers", required=False),
        Part("payment", "object", required=True),
        Part("payment.kind", '"card"', required=True),
        Part("payment.kind", '"cash"', required=True),
        Part("before", "Order or null", required=False),
    )


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "anything"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"type": ["string", "null"], "maxLength": 3}, "string, at most 3 long or null"),
        ({"enum": [1, "a", None]}, '1 or "a" or null'),
        ({"enum": [*range(20)]}, "0 or 1 or 2 or 3 or 4 or 5 or 6 or 7 or …"),
        ({"anyOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0.0}]}, "number > 0 or null"),
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2}, "list of integer, then string"),
        ({"type": "array"}, "list"),
        ({"const": "x" * 100}, '"' + "x" * 59 + "…"),
        ({"$ref": "#"}, "…"),
    ],
)
def test_a_schema_in_words(schema: dict[str, Any], words: str):
    assert in_words(Document(schema), schema) == words


@hypothesis.given(SCHEMAS)
def test_whatever_calls_itself_a_schema_has_words_and_not_too_many_fields(schema: dict[str, Any]):
    assert len(parts_of(schema)) <= 200
    assert len(in_words(Document(schema), schema)) < 100_000


def test_a_schema_that_describes_ever_more_has_only_so_many_fields():
    definitions = {f"d{number}": wide(number + 1) for number in range(50)}

    assert len(parts_of({"$defs": definitions, **wide(0)})) == 200


def wide(number: int) -> dict[str, Any]:
    return {"properties": {key: {"$ref": f"#/$defs/d{number}"} for key in "abcdefgh"}}


def test_a_schema_that_is_a_maze_is_left_in_time():
    ways = {
        f"d{depth}": {"anyOf": [{"$ref": f"#/$defs/d{depth + 1}", "title": str(way)} for way in range(60)]}
        for depth in range(9)
    }
    maze = {"$defs": {**ways, "d9": {"type": "object"}}, "properties": {"x": {"$ref": "#/$defs/d0"}}}

    assert [part.path for part in parts_of(maze)] == ["x"]
    assert parts_of({**maze, "$ref": "#/$defs/d0"})[0].path == "x"
