"""The functions of simulated courses of events: one for each kind of flow control, all with the plan of their event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import plans
from inngest_py.dev.model import Function
from inngest_py.dev.registration import read_registration
from inngest_py.wire.codec import encode

SECOND: Final = 1000
BY_KEY: Final = "event.data.k"
SAME: Final = "async.data.n == event.data.n"
FLOWS: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {},
    "child": {},
    "narrow": {"concurrency": [{"limit": 2}, {"limit": 1, "key": BY_KEY}]},
    "shared-a": {"concurrency": {"limit": 1, "key": "'x'", "scope": "env"}},
    "shared-b": {"concurrency": {"limit": 1, "key": "'x'", "scope": "env"}},
    "first": {"concurrency": 1, "priority": {"run": "int(event.data.p)"}},
    "throttled": {"throttle": {"limit": 1, "period": "10s", "burst": 0}},
    "limited": {"rateLimit": {"limit": 1, "period": "20s", "key": BY_KEY}},
    "settled": {"debounce": {"period": "5s", "key": BY_KEY}},
    "batched": {"batchEvents": {"maxSize": 3, "timeout": "5s", "key": BY_KEY}},
    "once": {"idempotency": BY_KEY},
    "skipping": {"singleton": {"mode": "skip", "key": BY_KEY}},
    "replacing": {"singleton": {"mode": "cancel", "key": BY_KEY}},
    "stopped": {"cancel": [{"event": "t/stop", "if": SAME}]},
    "timed": {"timeouts": {"start": "60s", "finish": "20s"}, "concurrency": 1},
    "delayed": {},
    "ticking": {},
    "tardy": {},
}
THROTTLE: Final = (1, 10 * SECOND)
"""How many runs of `throttled` may start at once, and after which time one more may."""

CRONS: Final[Mapping[str, Mapping[str, str]]] = {
    "ticking": {"cron": "* * * * *"},
    "tardy": {"cron": "* * * * *", "jitter": "20s"},
}
"""The schedules that start functions, besides their events."""

JITTER: Final = {"ticking": 0, "tardy": 20 * SECOND}
MINUTE: Final = 60 * SECOND

FAILURES: Final = "plain-failure"
"""Started when a run of `plain` has failed."""

LATER: Final = "later"
"""Started by what runs have put off to their end."""


def registered() -> tuple[Function, ...]:
    """The functions, as they are after registration."""
    functions = [_config(slug, *_triggers(slug), **flow) for slug, flow in FLOWS.items()]
    failed = {"event": "inngest/function.failed", "expression": "event.data.function_id == 'plain'"}
    deferred = {"event": "inngest/deferred.schedule", "expression": f"event.data._inngest.fn_slug == '{LATER}'"}
    functions += [_config(FAILURES, failed), _config(LATER, deferred)]
    payload = {"appName": "app", "url": "http://app.test/x", "sdk": "test:v0", "functions": functions}
    return read_registration(encode(payload), 0).functions


def _triggers(slug: str) -> list[Mapping[str, str]]:
    return [{"event": f"t/{slug}"}, *([CRONS[slug]] if slug in CRONS else [])]


def _config(slug: str, *triggers: Mapping[str, str], **flow: Any) -> dict[str, Any]:
    runtime = {"type": "http", "url": f"http://app.test/x?fnId={slug}&stepId=step"}
    step = {"id": "step", "name": "step", "runtime": runtime, "retries": {"attempts": plans.ATTEMPTS - 1}}
    return {"id": slug, "name": slug, "triggers": list(triggers), "steps": {"step": step}, **flow}


FUNCTIONS: Final = {function.slug: function for function in registered()}
