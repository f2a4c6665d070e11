"""What the functions of the official Python SDK share, plain and native: their flow control."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import inngest

SECOND = timedelta(seconds=1)
SHORT = timedelta(milliseconds=100)
WHILE = timedelta(milliseconds=1500)
LONG = timedelta(hours=1)

SAME = "async.data.n == event.data.n"
CONFIG: dict[str, dict[str, Any]] = {
    "tour": {"retries": 2},
    "broken": {"retries": 0},
    "flaky": {"retries": 3},
    "patient": {"retries": 1},
    "final": {"retries": 5},
    "stopped": {"cancel": [inngest.Cancel(event="tour/stop", if_exp=SAME)]},
    "late": {"timeouts": inngest.Timeouts(finish=SECOND)},
    "batched": {"batch_events": inngest.Batch(max_size=3, timeout=SECOND)},
    "paced": {"throttle": inngest.Throttle(limit=1, period=SECOND, burst=0)},
    "last": {"debounce": inngest.Debounce(period=SECOND)},
    "limited": {"rate_limit": inngest.RateLimit(limit=1, period=timedelta(minutes=1))},
    "once": {"idempotency": "event.data.key"},
    "alone": {"singleton": inngest.Singleton(mode="skip")},
    "narrow": {"concurrency": [inngest.Concurrency(limit=1)]},
}


def declared(fn_id: str) -> dict[str, Any]:
    """What `create_function` is given for a function: it starts with the event of its name."""
    return {"fn_id": fn_id, "trigger": inngest.TriggerEvent(event=f"tour/{fn_id}"), **CONFIG.get(fn_id, {})}
