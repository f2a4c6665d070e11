"""JSON Schemas to be tried: those of all sorts of models, and what only calls itself one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Network
from typing import Annotated, Any, Literal, Union
from uuid import UUID

from hypothesis import strategies
from pydantic import AnyUrl, BaseModel, Field, HttpUrl, Json, SecretStr, create_model
from typing_extensions import TypedDict

KEYWORDS = strategies.sampled_from(
    [
        *("$defs", "$ref", "additionalProperties", "allOf", "anyOf", "const", "contentMediaType", "contentSchema"),
        *("default", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems"),
        *("maxLength", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "oneOf"),
        *("pattern", "patternProperties", "prefixItems", "properties", "propertyNames", "required", "type", "a"),
    ]
)
ANY_JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | strategies.text(max_size=5),
    lambda part: strategies.lists(part, max_size=3) | strategies.dictionaries(KEYWORDS, part, max_size=4),
    max_leaves=20,
)
SCHEMAS = strategies.dictionaries(
    KEYWORDS,
    ANY_JSON
    | strategies.sampled_from(["#", "#/$defs/a", "object", "array", "string", "number", "integer", "uuid", "a+"]),
    max_size=6,
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    sku: str
    count: int = Field(ge=1)


class Comment(BaseModel):
    text: str
    answers: list[Comment] = Field(min_length=0)
    on: Comment | None = None


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{16}$")


class Cash(BaseModel):
    kind: Literal["cash"]


@dataclass
class Point:
    x: float
    y: float = 0


class Tag(TypedDict, total=False):
    label: str


LEAVES = [
    str, int, float, bool, Decimal, datetime, date, time, timedelta, UUID, IPv4Address, IPv6Network, AnyUrl, HttpUrl,
    bytes, SecretStr, Colour, Line, Comment, Point, Tag, Literal["a", 1], Json[dict[str, int]], dict[str, Any],
    list[Any], Annotated[Card | Cash, Field(discriminator="kind")],
    Annotated[str, Field(pattern=r"^[A-Z]{3}-\d+$", min_length=6)],
    Annotated[str, Field(min_length=30, max_length=40)], Annotated[str, Field(max_length=2)], dict[Colour, int],
    dict[Annotated[str, Field(pattern="^x[0-9]+$")], int], tuple[int, str], set[int], Any, None,
]  # fmt: skip


def bounded(kind: type, low: float, width: float, how: str) -> Any:
    """A number between two bounds, which it may equal or not."""
    bounds: dict[str, Any] = {"ge" if how[0] == "[" else "gt": low, "le" if how[1] == "]" else "lt": low + width}
    return Annotated[kind, Field(**bounds)]


NUMBERS = strategies.builds(
    bounded,
    strategies.sampled_from([int, float, Decimal]),
    strategies.integers(-1000, 1000),
    strategies.integers(2, 50),
    strategies.sampled_from(["[]", "()", "[)", "(]"]),
) | strategies.builds(
    lambda low, step: Annotated[int, Field(ge=low, multiple_of=step)],
    strategies.integers(-1000, 1000),
    strategies.integers(1, 60),
)


def of(kind: Any, *parts: Any) -> Any:
    """A generic type of types that are only known now."""
    return kind[parts]


WRAPPED: list[Callable[[Any], Any]] = [
    lambda it: of(Union, it, None),
    lambda it: of(list, it),
    lambda it: of(Annotated, of(list, it), Field(min_length=2, max_length=3)),
    lambda it: of(dict, str, it),
    lambda it: of(tuple, it, ...),
    lambda it: of(tuple, it, int),
    lambda it: create_model("Inner", it=(it, ...)),
    lambda it: create_model("Inner", it=(it, None), other=(it, ...)),
]
ANNOTATIONS = strategies.recursive(
    strategies.sampled_from(LEAVES) | NUMBERS,
    lambda inner: (
        strategies.builds(lambda wrap, it: wrap(it), strategies.sampled_from(WRAPPED), inner)
        | strategies.lists(inner, min_size=2, max_size=3).map(lambda parts: of(Union, *parts))
    ),
    max_leaves=6,
)


def model_of(annotations: Sequence[Any]) -> type[BaseModel]:
    """A model with a required field for each annotation."""
    fields: Any = {f"field_{number}": (each, ...) for number, each in enumerate(annotations)}
    return create_model("Model", **fields)
