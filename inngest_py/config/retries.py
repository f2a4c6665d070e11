"""The retry policy: how many attempts, and how long between them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from inngest_py.config.duration import Duration, parse_duration
from inngest_py.config.flow import MAX_RETRIES
from inngest_py.config.setting import Setting

LONGEST_WAIT: Final = timedelta(hours=24)
"""The longest wait that servers honour (PROTOCOL 7.2)."""


class Backoff(Setting):
    """How long to wait before each retry: `first`, then `factor` times as long each time, at most `maximum`."""

    first: Duration
    factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    maximum: Duration = LONGEST_WAIT

    @classmethod
    def constant(cls, wait: str | timedelta) -> Backoff:
        """Wait the same time before every retry."""
        return cls(first=wait)

    @classmethod
    def exponential(
        cls, first: str | timedelta, *, factor: float = 2, maximum: str | timedelta = LONGEST_WAIT
    ) -> Backoff:
        """Wait `first`, then `factor` times longer before each further retry, at most `maximum`."""
        return cls(first=first, factor=float(factor), maximum=maximum)

    def wait(self, attempt: int) -> timedelta:
        """The wait after the failure of an attempt, counted from 0."""
        longest = min(parse_duration(self.maximum), LONGEST_WAIT)
        try:
            return min(parse_duration(self.first) * self.factor**attempt, longest)
        except OverflowError:
            return longest


class Retries(Setting):
    """The retry policy of a function and of each of its steps.

    `attempts` is the number of retries after the first try, from 0 to 20. Without a `backoff` the server waits
    15 s, 30 s, 1 min, 2 min and so on, up to 2 h (PROTOCOL 7.2).
    """

    attempts: Annotated[int, Field(ge=0, le=MAX_RETRIES)]
    backoff: Backoff | None = None
