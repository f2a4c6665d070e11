"""What errors mean: when to try again, and in whose words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inngest_py import Backoff, NonRetriableError, Retries, RetryAfterError, StepError
from inngest_py.engine.verdict import Policy, judge


def later(retry_after: Any) -> RetryAfterError:
    return RetryAfterError("later", retry_after)


def group(*errors: Exception) -> ExceptionGroup:
    return ExceptionGroup("several", errors)


MOMENT = datetime(2026, 11, 22, 4, 8, 52, 617_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "header"),
    [
        ("1500ms", "2"),
        ("1001ms", "2"),
        ("1s", "1"),
        ("0s", "1"),
        (timedelta(seconds=59, microseconds=1), "60"),
        ("90d", "86400"),
        (MOMENT, "2026-11-22T04:08:52.617Z"),
    ],
)
def test_a_wait_is_told_in_whole_seconds_and_never_too_short(when: Any, header: str) -> None:
    assert judge(later(when), Policy()).retry_after == header


@pytest.mark.parametrize(
    ("error", "header"),
    [
        (group(later("7s")), "7"),
        (group(ValueError("no"), later("7s"), later("90s"), later("8s")), "90"),
        (group(ValueError("no"), group(later("2m"), later("1m"))), "120"),
        (group(later("24h"), later(MOMENT), later(MOMENT - timedelta(days=1))), "2026-11-22T04:08:52.617Z"),
        (group(NonRetriableError("no"), later("7s")), "7"),
        (group(ValueError("no")), None),
    ],
)
def test_of_several_errors_the_one_that_wants_the_longest_wait_gets_it(error: Exception, header: str | None) -> None:
    verdict = judge(error, Policy())

    assert (verdict.final, verdict.retry_after) == (False, header)


def test_a_group_of_errors_that_no_retry_can_help_is_final() -> None:
    verdict = judge(group(NonRetriableError("no"), StepError("s")), Policy())

    assert (verdict.final, verdict.retry_after) == (True, None)


def test_an_error_that_says_nothing_waits_as_the_function_has_it() -> None:
    retries = Retries(attempts=4, backoff=Backoff.exponential("5s", factor=2, maximum="5m"))

    assert judge(ValueError("no"), Policy(0, 5, retries)).retry_after == "5"
    assert judge(group(ValueError("no")), Policy(1, 5, retries)).retry_after == "10"


@pytest.mark.parametrize("error", [later("soon"), group(later("soon"), later("1s"))])
def test_a_wait_that_is_none_is_told_instead(error: Exception) -> None:
    verdict = judge(error, Policy())

    assert (verdict.final, verdict.failure.name, verdict.failure.code) == (False, "ConfigError", "retry_after_error")
    assert verdict.failure.message.startswith('"soon" is not a duration')
