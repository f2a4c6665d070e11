"""Triggers: events and schedules, as servers read them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from inngest_py.config.trigger import TriggerCron, TriggerEvent, check_cron
from inngest_py.errors import ConfigError


@pytest.mark.parametrize(
    ("trigger", "written"),
    [
        (TriggerEvent(event="order/placed"), {"event": "order/placed"}),
        (
            TriggerEvent(event="user/*", expression="event.data.age > 17"),
            {"event": "user/*", "expression": "event.data.age > 17"},
        ),
        (TriggerCron(cron="0 9 * * 1"), {"cron": "0 9 * * 1"}),
        (TriggerCron(cron="0 9 * * 1", timezone="Europe/Paris"), {"cron": "TZ=Europe/Paris 0 9 * * 1"}),
        (TriggerCron(cron="0 9 * * *", jitter="30s"), {"cron": "0 9 * * *", "jitter": "30s"}),
        (TriggerCron(cron="0 9 * * *", jitter=timedelta(minutes=5)), {"cron": "0 9 * * *", "jitter": "5m"}),
    ],
)
def test_a_trigger_is_written_as_servers_want_it(trigger: Any, written: dict[str, str]) -> None:
    assert trigger.to_json() == written


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/15 0-6,22-23 1,15 * mon-fri",
        "5/10 * ? JAN-MAR SUN",
        "0 0 29 2 0-6/2",
        "TZ=Europe/Paris 0 9 * * 1",
        "CRON_TZ=UTC 0 9 * * 1",
    ],
)
def test_a_schedule_is_taken_as_it_is(schedule: str) -> None:
    assert check_cron(schedule) == schedule


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("", "has 0 fields instead of five"),
        ("* * * *", "has 4 fields instead of five"),
        ("0 0 * * * *", "has 6 fields instead of five"),
        ("@daily", "has 1 fields instead of five"),
        ("60 * * * *", 'has "60" as its minute: it goes from 0 to 59'),
        ("* 24 * * *", 'has "24" as its hour: it goes from 0 to 23'),
        ("* * 0 * *", 'has "0" as its day of month: it goes from 1 to 31'),
        ("* * * 13 *", 'has "13" as its month: it goes from 1 to 12'),
        ("* * * * 7", 'has "7" as its day of week: it goes from 0 to 6'),
        ("* * mon * *", 'has "mon" as its day of month'),
        ("22-2 * * * *", 'has "22-2" as its minute'),
        ("1-2-3 * * * *", 'has "1-2-3" as its minute'),
        ("1- * * * *", 'has "1-" as its minute'),
        ("1,,2 * * * *", 'has "1,,2" as its minute'),
        ("*/0 * * * *", 'has "*/0" as its minute'),
        ("*/x * * * *", 'has "*/x" as its minute'),
        ("*/\u0663 * * * *", "as its minute"),
        ("-1 * * * *", 'has "-1" as its minute'),
        ("* * L * *", 'has "L" as its day of month'),
        ("TZ=Mars/Base * * * * *", '"Mars/Base" is not a time zone'),
        ("TZ=UTC * * * *", "has 4 fields instead of five"),
    ],
)
def test_a_schedule_that_servers_would_refuse_is_refused_by_field(schedule: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TriggerCron(cron=schedule)

    assert f"TriggerCron(cron={schedule!r}): " in str(caught.value)
    assert reason in str(caught.value)


@given(st.text() | st.text("0123456789*/-,? ").map(lambda text: f"{text} * * * *"))
def test_whatever_is_written_is_a_schedule_or_refused(schedule: str) -> None:
    try:
        assert check_cron(schedule) == schedule
    except ConfigError as error:
        assert "schedule" in str(error) or "time zone" in str(error)  # noqa: PT017 - either will do


@pytest.mark.parametrize("timezone", ["Mars/Base", "", "../../etc/passwd", "."])
def test_a_time_zone_that_does_not_exist_is_refused(timezone: str) -> None:
    with pytest.raises(ConfigError, match=r"TriggerCron\(timezone='.*'\): .* is not a time zone"):
        TriggerCron(cron="* * * * *", timezone=timezone)


@pytest.fixture
def no_zone_database() -> Iterator[None]:
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=[])
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("no_zone_database")
def test_where_there_is_no_zone_database_the_server_has_to_know() -> None:
    if zoneinfo.available_timezones():
        pytest.skip("the package tzdata is installed")

    assert TriggerCron(cron="* * * * *", timezone="Europe/Paris").timezone == "Europe/Paris"


def test_a_time_zone_is_said_once() -> None:
    with pytest.raises(ConfigError, match='names a time zone already: leave timezone="UTC" out'):
        TriggerCron(cron="TZ=UTC * * * * *", timezone="UTC")


@pytest.mark.parametrize("jitter", ["500ms", "6m"])
def test_jitter_is_from_a_second_to_five_minutes(jitter: str) -> None:
    with pytest.raises(ConfigError, match=f"TriggerCron: jitter='{jitter}' is not between 1s and 5m"):
        TriggerCron(cron="* * * * *", jitter=jitter)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": ""}, "TriggerEvent(event='')"),
        ({"event": "e" * 256}, "String should have at most 255 characters"),
        ({"event": 5}, "TriggerEvent(event=5)"),
        ({"event": "a", "expression": "event.data.a == 'b"}, "a ' is left open"),
        ({"event": "a", "if_exp": "b"}, "TriggerEvent has no field if_exp"),
        ({}, "TriggerEvent.event is missing"),
    ],
)
def test_an_event_trigger_that_servers_would_refuse_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TriggerEvent(**fields)

    assert reason in str(caught.value)
