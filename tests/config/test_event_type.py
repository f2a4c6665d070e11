"""Typed events: checked on the way out and on the way in, with errors that name the field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field
from typing_extensions import TypedDict

from inngest_py.config.event_type import EventType
from inngest_py.errors import ConfigError, EventDataError
from inngest_py.wire.event import Event
from inngest_py.wire.registration import LARGEST_SCHEMA


class Order(BaseModel):
    order_id: str
    total: Decimal


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    day: date


@dataclass
class Point:
    x: int


class Tag(TypedDict):
    name: str


ORDER_PLACED = EventType("order/placed", Order)


def test_an_event_is_made_from_its_fields() -> None:
    assert ORDER_PLACED(order_id="1", total="9.99") == Event(
        name="order/placed", data=Order(order_id="1", total=Decimal("9.99"))
    )


@pytest.mark.parametrize("data", [Order(order_id="1", total=Decimal(9)), {"order_id": "1", "total": 9}])
def test_an_event_is_made_from_a_model_or_a_mapping(data: Any) -> None:
    assert ORDER_PLACED(data).data == Order(order_id="1", total=Decimal(9))


def test_a_field_may_be_called_data() -> None:
    class Reading(BaseModel):
        data: int

    assert EventType("reading", Reading)(data=5).data.data == 5


def test_an_event_may_have_an_id_a_time_and_a_version() -> None:
    event = ORDER_PLACED.create({"order_id": "1", "total": 9}, id="order-1", ts=1_700_000_000_000, v="2")

    assert (event.id, event.ts, event.v) == ("order-1", 1_700_000_000_000, "2")


def test_data_is_given_at_once_or_by_field() -> None:
    with pytest.raises(EventDataError, match=r"is given twice, at once and as id: an id or a time goes into create\("):
        ORDER_PLACED({"order_id": "1", "total": 9}, id="a")


def test_data_may_be_a_dataclass_or_a_typed_dict() -> None:
    assert EventType("p", Point)(x=1).data == Point(1)
    assert EventType("t", Tag)(name="a").data == {"name": "a"}


def test_data_that_does_not_fit_is_refused_by_field() -> None:
    with pytest.raises(EventDataError) as caught:
        ORDER_PLACED(total="much")

    message = str(caught.value)
    assert message.startswith('the data of "order/placed" does not fit Order: order_id: Field required; total: ')
    assert "\n" not in message


def test_data_that_is_no_object_is_refused() -> None:
    with pytest.raises(EventDataError, match=r'the data of "order/placed" does not fit Order: the data: '):
        ORDER_PLACED.validate([1])


# What comes in -----------------------------------------------------------------------------------------------------


def test_an_event_that_came_is_given_its_type() -> None:
    came = Event(name="order/placed", data={"order_id": "1", "total": 9.5}, id="a", ts=5, v="2", user={"u": 1})

    event = ORDER_PLACED.read(came)

    assert event == Event(
        name="order/placed", data=Order(order_id="1", total=Decimal("9.5")), id="a", ts=5, v="2", user={"u": 1}
    )


def test_what_servers_add_is_not_part_of_the_data() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")

    came = Event(name="inngest/function.invoked", data={"_inngest": {"fn_id": "a"}})

    assert EventType("closed", Closed).read(came).data == Closed()


def test_a_date_is_a_string_in_json_even_for_a_strict_model() -> None:
    came = Event(name="s", data={"day": "2026-01-02"})

    assert EventType("s", Strict).read(came).data.day == date(2026, 1, 2)


def test_data_that_came_and_does_not_fit_is_refused_by_field() -> None:
    with pytest.raises(EventDataError, match=r'the data of "order/placed" does not fit Order: order_id: '):
        ORDER_PLACED.read(Event(name="order/placed", data={"order_id": 5, "total": 9}))


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", " ", None, 5, "n" * 256])
def test_an_event_type_needs_a_name_that_can_start_a_function(name: Any) -> None:
    with pytest.raises(ConfigError, match="an event type needs a name of 255 characters at most"):
        EventType(name, Order)


def test_an_event_type_shows_its_name_and_model() -> None:
    assert repr(ORDER_PLACED) == "EventType('order/placed', Order)"
    assert repr(EventType("any", dict[str, int])) == "EventType('any', dict)"


class Tagged(Order):
    tags: list[Tag] = []


class Renamed(BaseModel):
    order_id: str = Field(validation_alias="id", serialization_alias="number")

    @computed_field
    def shown(self) -> str:
        return f"#{self.order_id}"


def changed(model: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(model, name, value)
    return model


@pytest.mark.parametrize(
    ("event_type", "data", "field"),
    [
        (ORDER_PLACED, Order.model_construct(order_id="1", total="much"), "total"),
        (ORDER_PLACED, Order.model_construct(order_id="1"), "total"),
        (ORDER_PLACED, changed(Order(order_id="1", total=Decimal(1)), order_id=5), "order_id"),
        (EventType("tagged", Tagged), changed(Tagged(order_id="1", total=Decimal(1)), tags=[{}]), "tags.0.name"),
        (EventType("point", Point), changed(Point(1), x="left"), "x"),
    ],
)
def test_a_model_that_was_changed_or_never_checked_is_checked_on_the_way_out(
    event_type: Any, data: Any, field: str
) -> None:
    for make in (event_type, event_type.create):
        with pytest.raises(EventDataError, match=f"the data of .* does not fit .*{field}: "):
            make(data)


def test_a_model_that_has_no_json_any_more_is_refused() -> None:
    with pytest.raises(EventDataError, match=r'the data of "order/placed" cannot be written as JSON: .*object'):
        ORDER_PLACED(changed(Order(order_id="1", total=Decimal(1)), total=object()))


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        (ORDER_PLACED, Tagged(order_id="1", total=Decimal(1), tags=[{"name": "a"}])),
        (EventType("renamed", Renamed), Renamed(id="1")),  # type: ignore[call-arg]
        (EventType("strict", Strict), Strict(day=date(2026, 1, 2))),
        (EventType("point", Point), Point(1)),
    ],
)
def test_a_model_that_fits_is_kept_as_it_is(event_type: Any, data: Any) -> None:
    assert event_type(data).data is data


def test_the_schema_says_what_the_model_takes_under_the_names_that_travel() -> None:
    class Item(BaseModel):
        sku: str = Field(alias="SKU")
        count: int = Field(validation_alias="n", serialization_alias="c", default=1, ge=0)

    assert EventType("shop/item", Item).schema == {
        "properties": {
            "SKU": {"title": "Sku", "type": "string"},
            "n": {"default": 1, "minimum": 0, "title": "N", "type": "integer"},
        },
        "required": ["SKU"],
        "title": "Item",
        "type": "object",
    }


@pytest.mark.parametrize("model", [Point, Tag])
def test_dataclasses_and_typed_dicts_have_a_schema_too(model: type) -> None:
    assert EventType("shop/x", model).schema["type"] == "object"


@pytest.mark.filterwarnings("error")
def test_a_part_that_has_no_schema_may_be_anything() -> None:
    class Odd:
        pass

    class Strange(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        odd: Odd = Odd()
        plain: int

    schema = EventType("shop/strange", Strange).schema

    assert schema["properties"] == {"odd": {"title": "Odd"}, "plain": {"title": "Plain", "type": "integer"}}


class Failing(BaseModel):
    x: int

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
        raise RuntimeError("no schema today")


class Unwritable(BaseModel):
    x: int = Field(json_schema_extra={"examples": [object()]})  # type: ignore[list-item]


class Huge(BaseModel):
    x: int = Field(description="x" * LARGEST_SCHEMA)


@pytest.mark.parametrize("model", [Failing, Unwritable, Huge])
def test_a_model_without_a_schema_of_a_reasonable_size_is_a_type_all_the_same(model: type[BaseModel]) -> None:
    event_type = EventType("shop/x", model)

    assert (event_type.schema, event_type.described) == ({}, b"")
    assert event_type(x=1).data == model(x=1)


def test_a_schema_is_made_and_written_once() -> None:
    assert ORDER_PLACED.schema is ORDER_PLACED.schema
    assert ORDER_PLACED.described is ORDER_PLACED.described
