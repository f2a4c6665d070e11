"""Flow control: what servers accept is written as they want it; what they would refuse is refused here, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from inngest_py.config.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from inngest_py.config.retries import Backoff, Retries
from inngest_py.config.setting import Setting
from inngest_py.errors import ConfigError

KEY = "event.data.customer"

WRITTEN: list[tuple[Any, dict[str, Any]]] = [
    (Concurrency(limit=5), {"limit": 5}),
    (Concurrency(limit=5, key=KEY, scope="env"), {"limit": 5, "key": KEY, "scope": "env"}),
    (Throttle(limit=2, period="4s"), {"limit": 2, "period": "4s", "burst": 1}),
    (Throttle(limit=2, period="8d", burst=0, key=KEY), {"limit": 2, "period": "192h", "burst": 0, "key": KEY}),
    (Throttle(limit=2, period="4s", burst=None), {"limit": 2, "period": "4s"}),
    (RateLimit(limit=1, period="1d"), {"limit": 1, "period": "24h"}),
    (RateLimit(limit=1, period=timedelta(minutes=1), key=KEY), {"limit": 1, "period": "1m", "key": KEY}),
    (Debounce(period="7d"), {"period": "168h"}),
    (Debounce(period="1s", key=KEY, timeout="1m"), {"period": "1s", "key": KEY, "timeout": "1m"}),
    (Batch(max_size=2, timeout="1d"), {"maxSize": 2, "timeout": "24h"}),
    (
        Batch(max_size=100, timeout="90s", key=KEY, if_exp="event.data.a > 1"),
        {"maxSize": 100, "timeout": "90s", "key": KEY, "if": "event.data.a > 1"},
    ),
    (Priority(run="int(event.data.p)"), {"run": "int(event.data.p)"}),
    (Singleton(mode="skip"), {"mode": "skip"}),
    (Singleton(mode="cancel", key=KEY), {"mode": "cancel", "key": KEY}),
    (Cancel(event="order/cancelled"), {"event": "order/cancelled"}),
    (
        Cancel(event="a", if_exp="event.data.id == async.data.id", timeout="1h"),
        {"event": "a", "if": "event.data.id == async.data.id", "timeout": "1h"},
    ),
    (Timeouts(), {}),
    (Timeouts(start="10s", finish="2m"), {"start": "10s", "finish": "2m"}),
]


@pytest.mark.parametrize(("setting", "written"), WRITTEN, ids=lambda part: str(part)[:40])
def test_a_setting_is_written_as_servers_want_it(setting: Any, written: dict[str, Any]) -> None:
    assert setting.to_json() == written


REFUSED: list[tuple[Callable[[], Setting], str]] = [
    (lambda: Concurrency(limit=0), "Concurrency(limit=0): Input should be greater than or equal to 1"),
    (lambda: Concurrency(limit=-3), "Concurrency(limit=-3)"),
    (lambda: Concurrency(limit=True), "Concurrency(limit=True): Input should be a valid integer"),
    (lambda: Concurrency(limit="5"), "Concurrency(limit='5'): Input should be a valid integer"),  # type: ignore[arg-type]
    (lambda: Concurrency(limit=1, scope="team"), "Concurrency(scope='team')"),  # type: ignore[arg-type]
    (lambda: Concurrency(limit=1, scope="account"), 'Concurrency: scope="account" needs a key'),
    (lambda: Concurrency(limit=1, key="a("), "Concurrency(key='a('): the expression \"a(\" leaves a ( open"),
    (lambda: Concurrency(key="a"), "Concurrency.limit is missing"),  # type: ignore[call-arg]
    (lambda: Throttle(limit=1, period="1s", brust=2), "Throttle has no field brust"),  # type: ignore[call-arg]
    (lambda: Throttle(limit=1, period=5), 'Throttle(period=5): the duration 5 has no unit: write "5s"'),  # type: ignore[arg-type]
    (lambda: Throttle(limit=1, period="0.5s"), "Throttle(period='0.5s'): must be at least 1s"),
    (lambda: Throttle(limit=1, period="1s", burst=-1), "Throttle(burst=-1)"),
    (lambda: RateLimit(limit=1, period="25h"), "RateLimit(period='25h'): must be from 1s to 24h"),
    (lambda: RateLimit(limit=0, period="1h"), "RateLimit(limit=0)"),
    (lambda: Debounce(period="8d"), "Debounce(period='8d'): must be from 1s to 7d"),
    (lambda: Debounce(period="1s", timeout="0s"), "Debounce(timeout='0s'): must be at least 1s"),
    (lambda: Batch(max_size=1, timeout="1s"), "Batch(max_size=1): Input should be greater than or equal to 2"),
    (lambda: Batch(max_size=2, timeout="500ms"), "Batch(timeout='500ms'): must be at least 1s"),
    (lambda: Batch(max_size=2), "Batch.timeout is missing"),  # type: ignore[call-arg]
    (lambda: Priority(run=""), "Priority(run=''): an expression cannot be empty"),
    (lambda: Singleton(mode="replace"), "Singleton(mode='replace')"),  # type: ignore[arg-type]
    (lambda: Cancel(event=""), "Cancel(event=''): String should have at least 1 character"),
    (lambda: Cancel(event="a", timeout="soon"), "Cancel(timeout='soon'): \"soon\" is not a duration"),
    (lambda: Timeouts(start="5 parsecs"), "Timeouts(start='5 parsecs')"),
    (lambda: Timeouts(finish=timedelta(seconds=-1)), "is a negative duration"),
    (lambda: Retries(attempts=21), "Retries(attempts=21): Input should be less than or equal to 20"),
    (lambda: Retries(attempts=-1), "Retries(attempts=-1)"),
    (lambda: Retries(attempts=1, backoff="5s"), "Retries(backoff='5s')"),  # type: ignore[arg-type]
    (lambda: Backoff(first=3), "Backoff(first=3): the duration 3 has no unit"),  # type: ignore[arg-type]
    (lambda: Backoff.exponential("5s", factor=0.5), "Backoff(factor=0.5)"),
    (lambda: Backoff.exponential("5s", factor=float("inf")), "Backoff(factor=inf)"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=lambda part: part if isinstance(part, str) else "")
def test_a_setting_that_servers_would_refuse_is_refused_by_name(make: Callable[[], Setting], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_mistakes_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Throttle(limit=0, period="never")

    assert str(caught.value).count("Throttle(") == 2


def test_a_setting_cannot_be_changed() -> None:
    setting = Concurrency(limit=1)

    with pytest.raises(ValidationError, match="frozen"):
        setting.limit = 2


def test_a_constant_backoff_waits_the_same_before_every_retry() -> None:
    backoff = Backoff.constant("5s")

    assert [backoff.wait(attempt) for attempt in range(4)] == [timedelta(seconds=5)] * 4


def test_an_exponential_backoff_waits_longer_each_time_up_to_its_maximum() -> None:
    backoff = Backoff.exponential("5s", factor=2, maximum="30s")

    assert [backoff.wait(attempt).total_seconds() for attempt in range(5)] == [5, 10, 20, 30, 30]


def test_no_backoff_waits_longer_than_servers_honour() -> None:
    day = timedelta(hours=24)

    assert Backoff(first="2d", maximum="3d").wait(0) == day
    assert Backoff.exponential("1h", factor=10).wait(100_000) == day
