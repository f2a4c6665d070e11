"""Flow control of a function, as registered and checked (PROTOCOL 3.3). Durations are milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Across what a limit counts."""

    FUNCTION = "fn"
    ENVIRONMENT = "env"
    ACCOUNT = "account"


class SingletonMode(StrEnum):
    """What happens to a second run of a singleton: it is not started, or the first is cancelled."""

    SKIP = "skip"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` calls in flight for each value of `key`, or runs under way if it is for `whole` runs."""

    limit: int
    key: str = ""
    scope: Scope = Scope.FUNCTION
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Drop what exceeds `limit` per `period` (PROTOCOL 14.3)."""

    limit: int
    period: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Delay the starts that exceed `limit` per `period` (PROTOCOL 14.4)."""

    limit: int
    period: int
    burst: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class Debounce:
    """Run with the last event once none has come for `period` (PROTOCOL 14.7)."""

    period: int
    key: str = ""
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Collect up to `size` events for up to `timeout`, and run once for all (PROTOCOL 14.8)."""

    size: int
    timeout: int
    key: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Singleton:
    """At most one run at a time for each value of `key` (PROTOCOL 14.11)."""

    mode: SingletonMode
    key: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """An event that cancels a run (PROTOCOL 14.10)."""

    event: str
    condition: str = ""
    timeout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """All the rules of one function. Its `idempotency` is in `rate_limit` too, in place of a limit of its own."""

    concurrency: tuple[Concurrency, ...] = ()
    rate_limit: RateLimit | None = None
    throttle: Throttle | None = None
    debounce: Debounce | None = None
    batch: Batch | None = None
    priority: str = ""
    idempotency: str = ""
    singleton: Singleton | None = None
    cancel: tuple[Cancel, ...] = ()
    start_timeout: int | None = None
    finish_timeout: int | None = None
