"""What an exception of the user's code means: for good or not, and when to try again (PROTOCOL 5.4, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from inngest_py.config.duration import parse_duration, write_moment
from inngest_py.config.retries import LONGEST_WAIT, Retries
from inngest_py.errors import (
    ConfigError,
    EventDataError,
    NonRetriableError,
    RetryAfterError,
    StepError,
    UnserializableError,
    UsageError,
)
from inngest_py.wire.failure import Failure, failure_of

_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (NonRetriableError, "non_retriable_error"),
    (RetryAfterError, "retry_after_error"),
    (StepError, "step_errored"),
    (UnserializableError, "output_unserializable"),
    (EventDataError, "event_data_invalid"),
    (UsageError, "usage_error"),
    (ConfigError, "config_invalid"),
)
_FINAL: Final = (NonRetriableError, StepError, UnserializableError, EventDataError, UsageError, ConfigError)


@dataclass(slots=True)
class Policy:
    """How a call's failures are to be retried: its attempt, counted from 0, of how many, and the user's policy."""

    attempt: int = 0
    max_attempts: int | None = None
    retries: Retries | None = None

    @property
    def last(self) -> bool:
        """Whether no attempt comes after this one."""
        return self.max_attempts is not None and self.attempt + 1 >= self.max_attempts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to tell the server of an error. `retry_after` is the value of the header, or None."""

    failure: Failure
    final: bool
    retry_after: str | None = None
    quiet: bool = False


def judge(error: BaseException, policy: Policy) -> Verdict:
    """Decide what an error means for the attempt that raised it."""
    failure = failure_of(error, _code(error))
    quiet = bool(getattr(error, "quiet", False))
    if is_final(error):
        return Verdict(failure, final=True, quiet=quiet)
    try:
        return Verdict(failure, final=False, retry_after=_retry_after(error, policy), quiet=quiet)
    except ConfigError as fault:
        return Verdict(failure_of(fault, "retry_after_error"), final=False)


def is_final(error: BaseException) -> bool:
    """Whether no retry can help; of a group of errors, whether that is so for every one in it."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_final, cast("BaseExceptionGroup[BaseException]", error).exceptions))
    return isinstance(error, _FINAL)


def _code(error: BaseException) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), "unknown")


def _retry_after(error: BaseException, policy: Policy) -> str | None:
    waits = list(_waits(error))
    if waits:
        return _written(max(waits, key=_length))
    backoff = policy.retries.backoff if policy.retries is not None else None
    return None if backoff is None else _written(backoff.wait(policy.attempt))


def _waits(error: BaseException) -> Iterator[str | timedelta | datetime]:
    """When to try again, as each RetryAfterError says it, in groups too."""
    if isinstance(error, RetryAfterError):
        yield error.retry_after
    elif isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _waits(part)


def _length(when: str | timedelta | datetime) -> tuple[str, timedelta]:
    """What the longest wait is found by: no clock is here, and so a moment is taken for later than any duration."""
    if isinstance(when, datetime):
        return (write_moment(when), timedelta())
    return ("", parse_duration(when))


def _written(when: str | timedelta | datetime) -> str:
    """Write the header: whole seconds, rounded up, or a date. Short junk would be read as one second (PROTOCOL 7.2)."""
    if isinstance(when, datetime):
        return write_moment(when)
    wait = min(parse_duration(when), LONGEST_WAIT)
    return str(max(1, -(-wait // timedelta(seconds=1))))
