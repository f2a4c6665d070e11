"""The kinds of step: what the server is asked for, and what is refused before it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel, RootModel

from inngest_py import ConfigError, EventType
from inngest_py.engine import catalogue
from inngest_py.engine.identity import Identities, key_of
from inngest_py.engine.plan import Step

KEY = key_of("s", 0)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONGEST = timedelta(days=366)


class Order(BaseModel):
    order_id: str


ELSEWHERE = timezone(timedelta(hours=9))


@pytest.mark.parametrize("when", [NOW - LONGEST * 9, NOW, NOW + LONGEST, (NOW + LONGEST).astimezone(ELSEWHERE)])
def test_a_sleep_may_end_up_to_366_days_from_now(when: datetime) -> None:
    assert catalogue.sleep_until(KEY, when, NOW).op_name.endswith("00.000Z")


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (NOW + LONGEST + timedelta(milliseconds=1), "is more than 366 days from now, the longest that servers take"),
        (datetime(2999, 1, 1, tzinfo=UTC), "2999-01-01T00:00:00.000Z is more than 366 days from now"),
        (date(2026, 1, 1), "is not a datetime; for a duration use step.sleep"),
        ("24h", "'24h' is not a datetime; for a duration use step.sleep"),
        (datetime(2026, 1, 1), "has no time zone"),  # noqa: DTZ001
    ],
)
def test_no_other_sleep_until_a_moment_is_taken(when: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        catalogue.sleep_until(KEY, when, NOW)


@pytest.mark.parametrize("event", ["", " ", None, 5])
def test_a_wait_is_for_an_event_with_a_name(event: Any) -> None:
    with pytest.raises(ConfigError, match=r'step.wait_for_event\("s"\): event=.* must be the name of an event'):
        catalogue.wait_for_event(KEY, event, "1h", None)


@pytest.mark.parametrize("event", ["order/placed", EventType("order/placed", Order)])
def test_a_wait_may_be_for_an_event_type(event: Any) -> None:
    step = catalogue.wait_for_event(KEY, event, "60s", "async.data.id == event.data.id")

    assert (step.op_name, step.opts) == ("order/placed", {"timeout": "1m", "if": "async.data.id == event.data.id"})


@pytest.mark.parametrize("data", [{"a": 1}, {}, RootModel({"a": 1})])
def test_a_function_is_invoked_with_an_object(data: Any) -> None:
    step = catalogue.invoke(KEY, "app-fn", data, None, None)

    assert step.opts == {"function_id": "app-fn", "payload": {"data": data}}


def test_a_function_that_is_given_nothing_is_invoked_with_an_empty_object() -> None:
    step = catalogue.invoke(KEY, "app-fn", None, None, None)

    assert step.opts == {"function_id": "app-fn", "payload": {"data": {}}}


def test_an_invocation_may_have_a_version_and_a_time_limit() -> None:
    step = catalogue.invoke(KEY, "app-fn", Order(order_id="1"), "1h", "2")

    assert step.opts == {
        "function_id": "app-fn",
        "payload": {"data": Order(order_id="1"), "v": "2"},
        "timeout": "1h",
    }


@pytest.mark.parametrize("data", [[1], 5, "{}", True, [], RootModel([1])])
def test_a_function_is_not_invoked_with_anything_else(data: Any) -> None:
    with pytest.raises(ConfigError, match=r'step.invoke\("s"\): data=.* must be a JSON object: a dict or a model'):
        catalogue.invoke(KEY, "app-fn", data, None, None)


@pytest.mark.parametrize("function", ["app-fn", None, print])
def test_only_a_declared_function_is_invoked(function: Any) -> None:
    with pytest.raises(ConfigError, match="must be a function made by create_function; for one that lives elsewhere"):
        catalogue.invoked_id(KEY, function)


@pytest.mark.parametrize(
    "make",
    [
        lambda: catalogue.wait_for_signal(KEY, "", "1h", "fail"),
        lambda: catalogue.wait_for_signal(KEY, "a", "1h", "maybe"),
        lambda: catalogue.sleep(KEY, "400d"),
        lambda: catalogue.fetch(KEY, "ftp://x", "GET", None, None),
    ],
)
def test_a_step_that_cannot_work_names_itself(make: Callable[[], Step]) -> None:
    with pytest.raises(ConfigError, match=r'step\.\w+\("s"\)'):
        make()


@pytest.mark.parametrize("step_id", ["", None, 5, b"id", ["id"]])
def test_a_step_id_is_a_string(step_id: Any) -> None:
    with pytest.raises(ConfigError, match="is not a step id: write one that says what the step does"):
        Identities().next(step_id)


@pytest.mark.parametrize(
    ("headers", "body", "sent"),
    [
        (None, None, {}),
        ({}, "", {"body": ""}),
        ({"X-A": "1"}, {"k": 1}, {"headers": {"X-A": "1"}, "body": '{"k":1}'}),
        (None, "text", {"body": "text"}),
    ],
)
def test_a_request_says_only_what_it_has(headers: Any, body: Any, sent: dict[str, Any]) -> None:
    step = catalogue.fetch(KEY, "https://example.com", "get", headers, body)

    assert step.opts == {"url": "https://example.com", "method": "GET"} | sent
