"""What an app tells of its typed events, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from inngest_py.client import Inngest
from inngest_py.config.event_type import EventType
from inngest_py.config.trigger import Trigger, TriggerCron, TriggerEvent
from inngest_py.dev.registration import read_registration
from inngest_py.profile import Profile
from inngest_py.wire.codec import decode

URL = "http://app.test/api/inngest"


class Order(BaseModel):
    order_id: str


class Total(BaseModel):
    total: float


class Failing(BaseModel):
    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
        raise RuntimeError("no schema today")


PLACED = EventType("order/placed", Order)


def registration(*triggers: Trigger | list[Trigger], dev: bool = True, on_failure: Any = None) -> bytes:
    client = Inngest(app_id="shop", is_production=not dev, signing_key="signkey-test-00")
    for number, trigger in enumerate(triggers):

        @client.create_function(fn_id=f"f{number}", trigger=trigger, on_failure=on_failure)
        def function(ctx: Any) -> None: ...

    parts = [part for each in client.functions for part in each.parts()]
    return Profile(client, "flask", None, None).out_of_band(URL, iter(parts))


def told(body: bytes) -> object:
    return [(each["name"], each["schema"]["title"]) for each in decode(body).get("eventTypes", ())]


def test_a_dev_server_is_told_what_typed_events_look_like() -> None:
    body = decode(registration([PLACED, TriggerCron(cron="* * * * *"), TriggerEvent(event="order/paid")]))

    assert body["eventTypes"] == [{"name": "order/placed", "schema": PLACED.schema}]


def test_a_name_that_two_models_describe_is_told_with_both_and_nothing_twice() -> None:
    body = registration(PLACED, EventType("order/placed", Total), EventType("order/placed", Order), PLACED)

    assert told(body) == [("order/placed", "Order"), ("order/placed", "Total")]


def test_what_handles_failures_adds_nothing() -> None:
    assert told(registration(PLACED, on_failure=print)) == [("order/placed", "Order")]


@pytest.mark.parametrize("triggers", [(), (TriggerEvent(event="a"),), (EventType("a", Failing),)])
def test_an_app_without_schemas_says_what_it_always_said(triggers: tuple[Trigger, ...]) -> None:
    assert "eventTypes" not in decode(registration(*triggers))


def test_in_production_nothing_is_added() -> None:
    assert registration(PLACED, dev=False) == registration(TriggerEvent(event="order/placed"), dev=False)


def test_an_in_band_sync_tells_of_no_schema() -> None:
    client = Inngest(app_id="shop", is_production=False)

    @client.create_function(fn_id="f", trigger=PLACED)
    def function(ctx: Any) -> None: ...

    assert b'schema":{' not in Profile(client, "flask", None, None).in_band(URL, client.functions, signed=True)


def test_the_dev_server_understands_it() -> None:
    app = read_registration(registration(PLACED), 0).app

    assert decode(app.event_types.encode()) == [{"name": "order/placed", "schema": PLACED.schema}]
