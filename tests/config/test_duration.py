"""Durations: what a person writes, what servers read, and never a number without a unit."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st

from inngest_py.config.duration import LONGEST, bounded_duration, parse_duration, write_duration, write_moment
from inngest_py.errors import ConfigError

DURATIONS = st.timedeltas(timedelta(), timedelta(days=100_000))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        (" 7d ", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1w2d3h4m5s6ms", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5, milliseconds=6)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


def test_a_timedelta_is_a_duration() -> None:
    assert parse_duration(timedelta(minutes=1)) == timedelta(minutes=1)


@pytest.mark.parametrize("number", [5, 0, 1.5, -1])
def test_a_bare_number_is_refused_with_what_to_write(number: float) -> None:
    with pytest.raises(ConfigError, match=f'the duration {number} has no unit: write "{number}s" for seconds'):
        parse_duration(number)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "an empty string is not a duration"),
        ("  ", "an empty string is not a duration"),
        ("30", '"30" is not a duration: "30s" would be seconds'),
        ("1h30", '"1h30" is not a duration: "1h30s" would be seconds'),
        ("soon", '"soon" is not a duration: write it as "30s"'),
        ("5 parsecs", '"5 parsecs" is not a duration'),
        ("-5s", '"-5s" is not a duration'),
        ("1d-2h", '"1d-2h" is not a duration'),
        ("٣s", "is not a duration"),
        ("9" * 400 + "s", "is too long a duration"),
        ("999999999999999d", "is too long a duration"),
        (timedelta(seconds=-1), "is a negative duration"),
        (True, "True is not a duration"),
        (None, "None is not a duration"),
        (["1h"], "is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_duration(value)

    assert reason in str(caught.value)


@given(st.text() | st.text("0123456789.wdhms "))
def test_whatever_is_written_is_a_duration_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= timedelta()
    except ConfigError as error:
        assert "duration" in str(error)  # noqa: PT017 - either will do


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("24h", "24h"),
        ("1d", "24h"),
        ("90s", "90s"),
        ("60s", "1m"),
        ("3600s", "1h"),
        ("1h30m", "90m"),
        ("1500ms", "2s"),
        ("1ms", "1s"),
        ("0s", "0s"),
        (timedelta(days=8), "192h"),
    ],
)
def test_a_duration_is_written_in_the_units_that_all_servers_know(value: str | timedelta, written: str) -> None:
    assert write_duration(value) == written


@given(DURATIONS)
def test_what_is_written_is_the_duration_rounded_up_to_the_second(duration: timedelta) -> None:
    written = parse_duration(write_duration(duration))

    assert timedelta() <= written - duration < timedelta(seconds=1)
    assert written % timedelta(seconds=1) == timedelta()


def test_a_sleep_of_366_days_is_the_longest() -> None:
    assert bounded_duration(LONGEST, "the sleep") == "8784h"

    with pytest.raises(ConfigError, match="the sleep: '367d' is longer than 366 days"):
        bounded_duration("367d", "the sleep")


def test_a_bad_duration_of_a_step_is_named_with_its_step() -> None:
    with pytest.raises(ConfigError, match=r'step.sleep\("nap"\): the duration 5 has no unit'):
        bounded_duration(5, 'step.sleep("nap")')


def test_a_moment_is_written_in_utc() -> None:
    when = datetime(2026, 11, 22, 6, 9, 11, 164_500, timezone(timedelta(hours=2)))

    assert write_moment(when) == "2026-11-22T04:09:11.164Z"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive: Any = datetime(2026, 11, 22)  # noqa: DTZ001 - this is the case

    with pytest.raises(ConfigError, match="has no time zone: write"):
        write_moment(naive)
