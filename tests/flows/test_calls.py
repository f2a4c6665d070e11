"""Calls from their body to the reply: what a function is given, and what is said of how it ended."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from app import call_body, handler, request
from inngest_py import (
    Context,
    ContextSync,
    EventType,
    Inngest,
    NonRetriableError,
    RetryAfterError,
    StepError,
    TriggerEvent,
)
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Response


class Order(BaseModel):
    order_id: str

    @field_validator("order_id")
    @classmethod
    def _known(cls, value: str) -> str:
        return {"1": "one", "2": "two"}[value]  # raises KeyError, which is none of pydantic's


ORDER_PLACED = EventType("order/placed", Order)
INVOKED = "inngest/function.invoked"
FAILED = "inngest/function.failed"


@pytest.fixture
def client() -> Inngest:
    return Inngest(app_id="shop", is_production=False, checkpointing=False)


def called(client: Inngest, fn_id: str, event: dict[str, Any], **changes: Any) -> Response:
    """The reply to a call about one event, or several."""
    body = call_body(**{"event": event, "events": [event]} | changes)
    return handler(client).handle(request(query=f"fnId=shop-{fn_id}&stepId=step", body=body, key=None))


def contexts(client: Inngest, trigger: Any, **options: Any) -> list[Any]:
    """The contexts that a function is given, and its failure handler too."""
    seen: list[Any] = []
    client.create_function(fn_id="fn", trigger=trigger, on_failure=seen.append, **options)(seen.append)
    return seen


# What a function is given ------------------------------------------------------------------------------------------


def test_a_function_is_given_what_the_call_says(client: Inngest) -> None:
    seen = contexts(client, TriggerEvent(event="a/b"))
    ctx = {"run_id": "r1", "attempt": 2, "max_attempts": 4, "job_id": "j", "request_id": "q"}

    assert called(client, "fn", {"name": "a/b", "data": {"x": 1}}, ctx=ctx).status == 200

    (given,) = seen
    assert (given.run_id, given.attempt, given.max_attempts, given.job_id, given.request_id) == ("r1", 2, 4, "j", "q")
    assert (given.app_id, given.function.id, given.event.data) == ("shop", "shop-fn", {"x": 1})
    assert (given.error, given.failed_event, given.logger.name) == (None, None, client.logger.name)


def test_typed_events_are_given_in_their_type(client: Inngest) -> None:
    seen = contexts(client, ORDER_PLACED)
    events = [{"name": "order/placed", "data": {"order_id": str(number)}} for number in (1, 2)]

    called(client, "fn", events[0], events=events)

    assert [event.data.order_id for event in seen[0].events] == ["one", "two"]
    assert seen[0].event.data.order_id == "one"


@pytest.mark.parametrize("trigger", [ORDER_PLACED, TriggerEvent(event="order/placed")])
def test_who_invokes_a_function_gives_the_data_of_its_trigger(client: Inngest, trigger: Any) -> None:
    seen = contexts(client, trigger)

    called(client, "fn", {"name": INVOKED, "data": {"order_id": "1", "_inngest": {"fn_id": "x"}}})

    data = seen[0].event.data
    assert data == (Order.model_construct(order_id="one") if trigger is ORDER_PLACED else {"order_id": "1"})


def test_an_event_that_does_not_fit_fails_the_run_for_good(client: Inngest) -> None:
    seen = contexts(client, ORDER_PLACED)

    response = called(client, "fn", {"name": "order/placed", "data": {}})

    body = decode(response.body)
    assert (response.status, response.headers["x-inngest-no-retry"], seen) == (500, "true", [])
    assert (body["code"], body["name"]) == ("event_data_invalid", "EventDataError")
    assert 'the data of "order/placed" does not fit Order: order_id: Field required' in body["message"]


def test_whatever_a_validator_raises_is_the_users_error(client: Inngest) -> None:
    contexts(client, ORDER_PLACED)

    response = called(client, "fn", {"name": "order/placed", "data": {"order_id": "3"}})

    assert (response.status, decode(response.body)["name"]) == (500, "KeyError")
    assert "x-inngest-no-retry" not in response.headers


# What a failure handler is given -----------------------------------------------------------------------------------


def failed(event: object, error: object = None) -> dict[str, Any]:
    return {"name": FAILED, "data": {"function_id": "shop-fn", "event": event, "error": error or {}}}


def test_a_failure_handler_is_given_the_error_and_the_event(client: Inngest) -> None:
    seen = contexts(client, ORDER_PLACED)
    error = {"name": "CardDeclined", "message": "no money", "stack": "s"}

    called(client, "fn-failure", failed({"name": "order/placed", "data": {"order_id": "1"}}, error))

    (given,) = seen
    assert isinstance(given.error, StepError)
    assert (given.error.name, given.error.message) == ("CardDeclined", "no money")
    assert given.failed_event.data.order_id == "one"
    assert given.event.data["error"] == error


@pytest.mark.parametrize(
    "event",
    [None, 5, {}, {"name": "order/placed", "data": {}}, {"name": "order/placed", "data": {"order_id": "3"}}],
    ids=["none", "number", "no name", "does not fit", "fails its validator"],
)
def test_a_failure_handler_runs_whatever_the_event_was(client: Inngest, event: object) -> None:
    seen = contexts(client, ORDER_PLACED)

    assert called(client, "fn-failure", failed(event)).status == 200
    assert seen[0].failed_event is None


# What is said of the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (ValueError("no"), {}),
        (NonRetriableError("no"), {"x-inngest-no-retry": "true"}),
        (RetryAfterError("later", "90s"), {"retry-after": "90"}),
        (RetryAfterError("later", timedelta(milliseconds=1)), {"retry-after": "1"}),
        (StepError("charge", "CardDeclined", "no money"), {"x-inngest-no-retry": "true"}),
    ],
    ids=lambda part: type(part).__name__,
)
def test_the_headers_say_whether_and_when_to_try_again(
    client: Inngest, error: Exception, headers: dict[str, str]
) -> None:
    @client.create_function(fn_id="fn", trigger=[])
    def fails(_ctx: Any) -> None:
        raise error

    response = called(client, "fn", {"name": "a/b"})

    found = {key: value for key, value in response.headers.items() if key in {"x-inngest-no-retry", "retry-after"}}
    assert (response.status, found) == (500, headers)


def test_an_error_is_logged_with_the_users_traceback(client: Inngest, caplog: pytest.LogCaptureFixture) -> None:
    @client.create_function(fn_id="fn", trigger=[])
    def fails(_ctx: Any) -> None:
        raise ValueError("no such order")

    called(client, "fn", {"name": "a/b"})

    assert "function shop-fn: an attempt failed" in caplog.text
    assert "no such order" in caplog.text
    assert "inngest_py/performer.py" not in caplog.text


@pytest.mark.parametrize("colour", ["plain", "coroutine"])
@pytest.mark.parametrize("step_id", ["charge", None])
def test_an_error_is_logged_with_the_run_and_the_step_as_fields(
    client: Inngest, caplog: pytest.LogCaptureFixture, colour: str, step_id: str | None
) -> None:
    def fail() -> None:
        raise ValueError("no such order")

    @client.create_function(fn_id="plain", trigger=[])
    def plain(ctx: ContextSync) -> None:
        ctx.step.run(step_id, fail) if step_id else fail()

    @client.create_function(fn_id="coroutine", trigger=[])
    async def coroutine(ctx: Context) -> None:
        await ctx.step.run(step_id, fail) if step_id else fail()

    called(client, colour, {"name": "a/b"}, ctx={"run_id": "R7"})

    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert {name: vars(record)[name] for name in ("run_id", "step_id")} == {"run_id": "R7", "step_id": step_id}


def test_the_error_of_a_step_is_logged_in_one_line(client: Inngest, caplog: pytest.LogCaptureFixture) -> None:
    @client.create_function(fn_id="fn", trigger=[])
    def fails(_ctx: Any) -> None:
        raise StepError("charge", "CardDeclined", "no money")

    called(client, "fn", {"name": "a/b"})

    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "inngest: function shop-fn failed: CardDeclined: no money"
    assert record.exc_info is None


def test_a_quiet_error_is_not_logged(client: Inngest, caplog: pytest.LogCaptureFixture) -> None:
    @client.create_function(fn_id="fn", trigger=[])
    def fails(_ctx: Any) -> None:
        raise NonRetriableError("as expected", quiet=True)

    called(client, "fn", {"name": "a/b"})

    assert caplog.records == []
