"""Events: checked where they are made, tolerant where they are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel

from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.event import Event, read_event
from json_values import VALUES


class Order(BaseModel):
    order_id: str


def test_an_event_needs_nothing_but_a_name() -> None:
    event = Event(name="order/placed")

    assert event.to_json(now=7) == {"name": "order/placed", "data": {}, "ts": 7}


def test_an_event_is_sent_with_all_that_it_has() -> None:
    event = Event(name="a/b", data={"x": 1}, id="u1", ts=1_700_000_000_000, v="3", user={"id": 1})

    assert event.to_json(now=7) == {
        "name": "a/b",
        "data": {"x": 1},
        "id": "u1",
        "ts": 1_700_000_000_000,
        "v": "3",
        "user": {"id": 1},
    }


def test_the_data_of_an_event_may_be_a_model() -> None:
    assert decode(encode(Event(name="a/b", data=Order(order_id="1")).to_json(7)))["data"] == {"order_id": "1"}


def test_two_events_do_not_share_their_data() -> None:
    assert Event(name="a").data is not Event(name="a").data


@pytest.mark.parametrize("name", ["", "  ", None, 5])
def test_an_event_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="an event needs a name"):
        Event(name=name)


@pytest.mark.parametrize("data", ["text", b"x", [1], (1,), {1}, 1, 1.5, True])
def test_data_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(TypeError, match=rf'event "a/b": data must be a JSON object .* not {type(data).__name__}'):
        Event(name="a/b", data=data)


@pytest.mark.parametrize("event_id", [None, 5, b"x"])
def test_an_id_that_is_no_string_is_refused(event_id: Any) -> None:
    with pytest.raises(TypeError, match='event "a/b": id must be a string'):
        Event(name="a/b", id=event_id)


@pytest.mark.parametrize("ts", [None, "now", 1.5, True, -1])
def test_a_time_that_is_not_in_whole_milliseconds_is_refused(ts: Any) -> None:
    with pytest.raises(TypeError, match='event "a/b": ts must be a Unix time in whole milliseconds'):
        Event(name="a/b", ts=ts)


def test_an_event_of_a_server_is_read() -> None:
    body = {"data": {"a": 1}, "id": "01M8", "name": "a/b", "ts": 1_795_320_511_303, "user": {"u": 1}, "v": "2"}

    event = read_event(body | {"meta": {}, "unknown": 1})

    assert event == Event(name="a/b", data={"a": 1}, id="01M8", ts=1_795_320_511_303, user={"u": 1}, v="2")


@pytest.mark.parametrize("absent", [{}, {"data": None, "id": None, "ts": None, "user": None, "v": None}])
def test_what_an_event_lacks_is_empty(absent: dict[str, Any]) -> None:
    assert read_event({"name": "a/b", **absent}) == Event(name="a/b")


def test_a_time_with_a_fraction_does_not_spoil_an_event() -> None:
    assert read_event({"name": "a/b", "ts": 1.5}).ts == 1


@pytest.mark.parametrize("odd", [{"v": 5}, {"user": "u1"}, {"user": [1]}])
def test_what_nobody_needs_does_not_spoil_an_event(odd: dict[str, Any]) -> None:
    assert read_event({"name": "a/b", **odd}) == Event(name="a/b")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "a/b",
        {},
        {"name": 5},
        {"name": "a", "data": [1]},
        {"name": "a", "data": "x"},
        {"name": "a", "id": 5},
        {"name": "a", "ts": "now"},
        {"name": "a", "ts": [1]},
        {"name": "a", "ts": float("inf")},
    ],
)
def test_what_is_no_event_is_refused(body: object) -> None:
    with pytest.raises(InvalidJSONError, match="an event"):
        read_event(body)


@given(VALUES)
def test_whatever_is_read_as_an_event_is_one_or_refused(body: object) -> None:
    with pytest.raises(InvalidJSONError):
        read_event(body)


def test_an_event_may_be_kept_as_text_and_sent_later() -> None:
    event = Event(name="a/b", data=Order(order_id="é"), id="u1", ts=1_700_000_000_000, v="3", user={"id": 1})

    kept = Event.load(event.dump())

    assert kept == Event(name="a/b", data={"order_id": "é"}, id="u1", ts=1_700_000_000_000, v="3", user={"id": 1})
    assert Event.load(Event(name="a/b").dump()).ts == 0
    with pytest.raises(InvalidJSONError):
        Event.load("[]")
