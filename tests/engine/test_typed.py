"""A step's result has the type that its handler says, also on replay."""

from __future__ import annotations

import functools
import sys
import typing
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from inngest_py.engine.typed import adapter_of, restore
from inngest_py.errors import EventDataError
from inngest_py.wire.codec import decode, encode


class Charge(BaseModel):
    id: str
    amount: Decimal
    at: datetime


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    on: date


@dataclass
class Point:
    x: float
    when: date


class Row(TypedDict):
    id: UUID
    total: Decimal


class Colour(Enum):
    RED = "red"


MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
UNIQUE = UUID(int=7)


def through_json(handler, value):
    adapter = adapter_of(handler)
    memo = decode(encode(value))
    return memo if adapter is None else restore(adapter, memo, "step")


def a_charge() -> Charge:
    return Charge(id="c", amount=Decimal("9.99"), at=MOMENT)


def a_strict() -> Strict:
    return Strict(on=date(2030, 1, 2))


def a_point() -> Point:
    return Point(1.0, date(2030, 1, 2))


def a_row() -> Row:
    return {"id": UNIQUE, "total": Decimal("1.50")}


def a_colour() -> Colour:
    return Colour.RED


def charges() -> list[Charge]:
    return [a_charge()]


def by_name() -> dict[str, Point | None]:
    return {"a": a_point(), "b": None}


def a_set() -> set[int]:
    return {1, 2}


def a_float() -> float:
    return 1.0


def maybe() -> Charge | None:
    return None


def later() -> Awaitable[Charge]:
    raise NotImplementedError


@pytest.mark.parametrize(
    "handler", [a_charge, a_strict, a_point, a_row, a_colour, charges, by_name, a_set, a_float, maybe]
)
def test_a_value_comes_back_equal_and_in_its_type(handler):
    value = handler()

    again = through_json(handler, value)

    assert again == value
    assert type(again) is type(value)


def test_what_an_awaitable_is_of_counts():
    assert isinstance(through_json(later, a_charge()), Charge)


def test_an_async_handler_says_what_it_returns_when_awaited():
    async def handler() -> Charge:
        return a_charge()

    assert isinstance(through_json(handler, a_charge()), Charge)


def test_a_partial_and_a_bound_method_say_what_their_function_says():
    class Shop:
        def charge(self, _amount: int) -> Charge:
            return a_charge()

    assert isinstance(through_json(functools.partial(Shop().charge, 1), a_charge()), Charge)


@pytest.mark.parametrize("stated", [Any, None, str, dict, list, object])
def test_a_type_that_json_has_needs_no_adapter(stated):
    assert adapter_of(lambda: None, stated) is None


def test_a_handler_that_says_nothing_gets_what_json_has():
    assert adapter_of(lambda: None) is None


def test_a_type_that_has_no_schema_or_cannot_be_found_is_left_alone():
    class Opaque: ...

    def opaque() -> Opaque:
        return Opaque()

    def missing() -> NotDefinedAnywhere:  # type: ignore[name-defined]  # noqa: F821
        return None

    assert adapter_of(opaque) is None
    assert adapter_of(missing) is None


def test_a_stated_type_overrules_the_annotation():
    adapter = adapter_of(a_charge, dict[str, Decimal])

    assert adapter is not None
    assert restore(adapter, {"a": "1.5"}, "step") == {"a": Decimal("1.5")}


def test_a_memo_that_no_longer_fits_is_an_error_that_names_the_step_and_the_field():
    adapter = adapter_of(a_charge)

    assert adapter is not None
    with pytest.raises(EventDataError, match=r'step "charge" does not fit .*amount: Field required'):
        restore(adapter, {"id": "c", "at": "2030-01-01T00:00:00Z"}, "charge")


# TypedDicts of typing, which pydantic refuses on Python 3.11 ------------------------------------------------------


class Moment(typing.TypedDict):
    at: datetime


class Maybe(typing.TypedDict, total=False):
    price: Decimal


class Visit(Maybe):
    """A visit."""

    moment: Moment
    others: list[Moment]
    end: typing.NotRequired[Moment | None]


class Chain(typing.TypedDict):
    at: datetime
    rest: list[Chain]


WRITTEN = {"at": "2030-01-02T03:04:05Z"}
READ = {"at": MOMENT}


@pytest.mark.parametrize(
    ("output_type", "memo", "value"),
    [
        (Moment, WRITTEN, READ),
        (list[Moment], [WRITTEN], [READ]),
        (typing.Dict[str, Moment], {"a": WRITTEN}, {"a": READ}),  # noqa: UP006 - as people write it
        (tuple[Moment, int], [WRITTEN, 1], (READ, 1)),
        (Moment | None, WRITTEN, READ),
        (typing.Optional[Moment], None, None),  # noqa: UP045 - likewise
        (typing.Annotated[Moment, "told"], WRITTEN, READ),
        (Visit, {"moment": WRITTEN, "others": []}, {"moment": READ, "others": []}),
        (
            Visit,
            {"moment": WRITTEN, "others": [WRITTEN], "end": WRITTEN, "price": "1.50"},
            {"moment": READ, "others": [READ], "end": READ, "price": Decimal("1.50")},
        ),
    ],
)
def test_a_typed_dict_of_typing_is_given_back_with_its_types(output_type: Any, memo: Any, value: Any) -> None:
    adapter = adapter_of(lambda: None, output_type)

    assert adapter is not None
    assert restore(adapter, memo, "visit") == value


@pytest.mark.parametrize("memo", [{"others": []}, {"moment": WRITTEN}, {"moment": {}, "others": []}])
def test_a_typed_dict_of_typing_needs_its_keys(memo: Any) -> None:
    adapter = adapter_of(lambda: None, Visit)

    assert adapter is not None
    with pytest.raises(EventDataError, match="Field required"):
        restore(adapter, memo, "visit")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes it as it is")
def test_a_typed_dict_that_contains_itself_is_left_as_json() -> None:
    assert adapter_of(lambda: None, Chain) is None


# Decorators ------------------------------------------------------------------------------------------------


def test_functions_under_one_decorator_each_have_their_own_type():
    names: dict[str, Any] = {"functools": functools, "Decimal": Decimal, "Point": Point}
    source = """
from __future__ import annotations
def traced(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args)
    return wrapper
@traced
def price() -> int | None: ...
@traced
def total() -> Decimal: ...
@traced
def where() -> Point: ...
"""
    exec(compile(source, "decorated", "exec"), names)  # noqa: S102 - a module as people write it

    assert through_json(names["price"], 1) == 1
    assert through_json(names["total"], Decimal("2.50")) == Decimal("2.50")
    assert through_json(names["where"], Point(1.0, date(2030, 1, 2))) == Point(1.0, date(2030, 1, 2))


@pytest.mark.parametrize(
    "source",
    [
        "def handler() -> 'list[Value]': ...",
        "def handler() -> list['Value']: ...",
        "from __future__ import annotations\ndef handler() -> list[Value]: ...",
        "from __future__ import annotations\ndef handler(other: OnlyForTypeCheckers) -> 'list[Value]': ...",
    ],
)
def test_the_same_words_mean_something_else_in_another_module(source):
    found = []
    for kind in (Decimal, date):
        names: dict[str, Any] = {"Value": kind}
        exec(compile(source, "module", "exec", dont_inherit=True), names)  # noqa: S102 - as above
        found.append(adapter_of(names["handler"]))

    assert through(found[0], ["2.5"]) == [Decimal("2.5")]
    assert through(found[1], ["2030-01-02"]) == [date(2030, 1, 2)]


def through(adapter, value):
    assert adapter is not None
    return adapter.validate_python(value)
