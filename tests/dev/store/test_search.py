"""What may be searched for, and what is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inngest_py.dev.decisions import Put
from inngest_py.dev.model import Event, Run, RunStatus
from inngest_py.dev.store.port import RunFilter
from inngest_py.dev.store.search import MOST_READ, leads_to
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.dev.texts import text_of

DATA: dict[str, Any] = {
    "order_id": "order-7",
    "url": "https://shop.test/?a=b",
    "user": {"id": 7, "name": "Ann Lee", "vip": True, "tags": {"%": "100%"}},
    "items": [{"sku": "book", "of": {"id": 9}}, {"sku": "pen"}],
    "data": {"x": 1},
    "note": "user.id=8",
}


@pytest.fixture
def store():
    store = SQLiteStore()
    event = Event(id="E", name="t", ts=0, received_at=0, data=text_of(DATA))
    run = Run(id="R", function="f", app_id="a", status=RunStatus.QUEUED, events=("E",), created_at=1, max_attempts=1)
    store.commit([Put(event), Put(run)])
    yield store
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "order-7",
        "order_id=order-7",
        "order_id = order-7",
        "order_id:order-7",
        'order_id: "order-7"',
        '"order_id": "order-7"',
        'order_id == "order-7"',
        "ORDER_ID=ORDER-7",
        "id=7",
        "user.id=7",
        "data.user.id=7",
        "event.data.user.id = 7",
        "user.name = Ann Lee",
        "user.name = ANN LEE",
        "user.vip: true",
        "user.tags.%=100%",
        "items.sku=pen",
        "data.items.of.id=9",
        "data.x=1",
        "data.data.x=1",
        "https://shop.test/?a=b",
        "user.id=8",
    ],
)
def test_what_people_write_is_found(store, text):
    found, _ = store.search(RunFilter(), text, 10)

    assert [run.id for run in found] == ["R"]


@pytest.mark.parametrize(
    "text",
    [
        "order_id=order",
        "order_id = 7",
        "data.id=7",
        "items.id=7",
        "customer.id=7",
        "user.of.id=9",
        "user.name=Ann",
        "id=10",
        "_rder-7",
        "=7",
        "customer=",
    ],
)
def test_what_is_not_there_is_not_found(store, text):
    assert store.search(RunFilter(), text, 10)[0] == []


def test_what_takes_long_to_read_is_not_read():
    way = json.dumps(["a.b", "1"])

    assert not leads_to('{"b":1}', way)
    assert leads_to(f'{{"b":1,"c":"{"x" * MOST_READ}"}}', way)
    assert leads_to("[" * 90_000, way)


def test_a_way_that_may_begin_at_too_many_places_is_not_followed_for_ever():
    deep = '{"a":' * 240 + "[" + "0," * 40_000 + "0]" + "}" * 240

    assert leads_to(deep, json.dumps(["a." * 245 + "b", "1"]))
    assert not leads_to(deep, json.dumps(["a.b", "1"]))
