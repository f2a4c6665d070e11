"""The limits of the engine (PROTOCOL 17), in one place, so that a test or an option can set others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inngest_py.dev.duration import DAY, HOUR, MINUTE, SECOND

BACKOFF: Final = (
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    40 * MINUTE,
    HOUR,
    2 * HOUR,
)
"""The waits before attempt 1, 2, 3 and so on, to which chance adds up to `JITTER` (PROTOCOL 7.2)."""

JITTER: Final = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What may be set. Durations are milliseconds, sizes characters of JSON."""

    retry_interval: int | None = None
    max_steps: int = 1000
    max_state: int = 32 * 1024 * 1024
    max_stalls: int = 20
    claim_life: int = DAY
    batch_claim_life: int = 30 * MINUTE

    def retry_delay(self, attempt: int, fraction: float) -> int:
        """How long to wait after attempt `attempt`, counted from 0, has failed; `fraction` is chance, from 0 to 1."""
        if self.retry_interval is not None:
            return self.retry_interval
        return BACKOFF[min(attempt, len(BACKOFF) - 1)] + round(fraction * JITTER)
