"""Flow control as a person writes it. What servers do with it: PROTOCOL 14; what they accept: 3.3."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from inngest_py.config.duration import Duration, parse_duration, write_duration
from inngest_py.config.expression import Expression
from inngest_py.config.setting import Setting
from inngest_py.errors import ConfigError

MAX_CANCELS: Final = 5
MAX_CONCURRENCY: Final = 2
MAX_RETRIES: Final = 20


def _between(low: timedelta, high: timedelta | None, rule: str) -> AfterValidator:
    def check(value: str | timedelta) -> str | timedelta:
        duration = parse_duration(value)
        if duration < low or (high is not None and duration > high):
            raise ConfigError(f"must be {rule}")
        return value

    return AfterValidator(check)


_SECOND: Final = timedelta(seconds=1)
_Positive = Annotated[Duration, _between(_SECOND, None, "at least 1s")]


class Concurrency(Setting):
    """At most `limit` steps of the function run at once, for each value of `key` (CEL) if there is one.

    `scope` is `"fn"` (the default), `"env"` or `"account"`; the wider ones need a key, by which functions share.
    """

    limit: Annotated[int, Field(ge=1)]
    key: Expression | None = None
    scope: Literal["account", "env", "fn"] | None = None

    @model_validator(mode="after")
    def _check(self) -> Concurrency:
        if self.scope in {"account", "env"} and self.key is None:
            raise ConfigError(f'scope="{self.scope}" needs a key: it says which functions share the limit')
        return self

    def to_json(self) -> dict[str, Any]:
        """The limit as registration wants it."""
        return _given(limit=self.limit, key=self.key, scope=self.scope)


class Throttle(Setting):
    """Start at most `limit` runs each `period`, and `burst` more at once; the others start later, none is lost."""

    limit: Annotated[int, Field(ge=1)]
    period: _Positive
    burst: Annotated[int, Field(ge=0)] | None = 1
    key: Expression | None = None

    def to_json(self) -> dict[str, Any]:
        """The limit as registration wants it."""
        return _given(limit=self.limit, period=write_duration(self.period), burst=self.burst, key=self.key)


class RateLimit(Setting):
    """Start one run each `period / limit`; the events in between start none. `period` is at most 24 hours."""

    limit: Annotated[int, Field(ge=1)]
    period: Annotated[Duration, _between(_SECOND, timedelta(hours=24), "from 1s to 24h")]
    key: Expression | None = None

    def to_json(self) -> dict[str, Any]:
        """The limit as registration wants it."""
        return _given(limit=self.limit, period=write_duration(self.period), key=self.key)


class Debounce(Setting):
    """Wait until no event has come for `period` (1 s to 7 d), at most `timeout`, then run with the last event."""

    period: Annotated[Duration, _between(_SECOND, timedelta(days=7), "from 1s to 7d")]
    key: Expression | None = None
    timeout: _Positive | None = None

    def to_json(self) -> dict[str, Any]:
        """The rule as registration wants it."""
        return _given(period=write_duration(self.period), key=self.key, timeout=_written(self.timeout))


class Batch(Setting):
    """Collect up to `max_size` events, for `timeout` at most, and run once with all of them in `ctx.events`."""

    max_size: Annotated[int, Field(ge=2)]
    timeout: _Positive
    key: Expression | None = None
    if_exp: Expression | None = None

    def to_json(self) -> dict[str, Any]:
        """The rule as registration wants it."""
        return {
            "maxSize": self.max_size,
            "timeout": write_duration(self.timeout),
            **_given(key=self.key),
            **({} if self.if_exp is None else {"if": self.if_exp}),
        }


class Priority(Setting):
    """Order queued runs: `run` (CEL) gives the seconds, from -600 to 600, by which a run jumps ahead.

    Numbers in events are doubles, and only an integer counts: write `int(event.data.priority)` (PROTOCOL 14.6).
    """

    run: Expression

    def to_json(self) -> dict[str, Any]:
        """The rule as registration wants it."""
        return {"run": self.run}


class Singleton(Setting):
    """At most one run at a time, for each value of `key`: `skip` drops the new event, `cancel` ends the old run."""

    mode: Literal["cancel", "skip"]
    key: Expression | None = None

    def to_json(self) -> dict[str, Any]:
        """The rule as registration wants it."""
        return _given(mode=self.mode, key=self.key)


class Cancel(Setting):
    """Cancel a run when this event comes, while `if_exp` (CEL over `event` and `async`) holds and until `timeout`.

    The expression may only compare, and use `&&`, `||` and `in` (PROTOCOL 3.3).
    """

    event: Annotated[str, Field(min_length=1)]
    if_exp: Expression | None = None
    timeout: _Positive | None = None

    def to_json(self) -> dict[str, Any]:
        """The rule as registration wants it."""
        condition = {} if self.if_exp is None else {"if": self.if_exp}
        return {"event": self.event, **condition, **_given(timeout=_written(self.timeout))}


class Timeouts(Setting):
    """Cancel a run that has not begun after `start`, or has not ended `finish` after it began.

    `start` counts from when the event is received. If its `ts` puts the run off until later than that, it never begins.
    """

    start: _Positive | None = None
    finish: _Positive | None = None

    def to_json(self) -> dict[str, Any]:
        """The limits as registration wants them."""
        return _given(start=_written(self.start), finish=_written(self.finish))


def _written(value: str | timedelta | None) -> str | None:
    return None if value is None else write_duration(value)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
