"""The requests that are timed: calls as an Inngest server makes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass

KEY = "signkey-prod-" + "0123456789abcdef" * 4
PATH = "/api/inngest"


@dataclass(frozen=True)
class Call:
    """One call: which function, with what headers and body."""

    function: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> str:
        return f"fnId=bench-{self.function}&stepId=step"


def make_call(memoized: int | None = None, *, signed: bool, event_size: int = 0) -> Call:
    """A call of the function without steps, or of the one whose first `memoized` steps are done."""
    done = [_hashed(f"step-{number}") for number in range(memoized or 0)]
    data = {"steps": len(done) + 1, "text": "x" * event_size}
    body = _encode(_body(data, done))
    return Call("empty" if memoized is None else "steps", _headers(body, signed=signed), body)


def load(number: int) -> dict[str, object]:
    """What a step returns: some hundred bytes, as many do."""
    return {"id": number, "name": f"order {number}", "total": 12.5, "tags": ["new", "paid"], "open": True}


def mac(body: bytes, timestamp: str) -> str:
    return hmac.new(KEY.rpartition("-")[2].encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def _hashed(step_id: str) -> str:
    return hashlib.sha1(step_id.encode(), usedforsecurity=False).hexdigest()


def _body(data: dict[str, object], done: list[str]) -> dict[str, object]:
    event = {"data": data, "id": "01M80RCW48T2RPDSNFBSTDG08B", "name": "bench/order", "ts": 1795321917576, "user": {}}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "env": "",
        "fn_id": "18be1624-63c9-51e5-9f82-a7d68ad00916",
        "generation_id": 1,
        "job_id": "2l56n1pdazw8b",
        "max_attempts": 5,
        "qi_id": "Mmw1Nm4xcGRhenc4Yjo6ZGVmYXVsdA==",
        "request_id": "01M80RCWBA7RP7B1JGF2HQ90X9",
        "run_id": "01M80RCW8NB6CQ5CS2V21SWFDF",
        "stack": {"current": len(done), "stack": done},
        "step_id": "step",
        "use_api": False,
    }
    steps = {hashed: {"data": load(number)} for number, hashed in enumerate(done)}
    return {"ctx": ctx, "defers": {}, "event": event, "events": [event], "steps": steps, "use_api": False, "version": 2}


def _encode(body: dict[str, object]) -> bytes:
    """In the canonical form, as servers send it."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _headers(body: bytes, *, signed: bool) -> dict[str, str]:
    headers = {
        "host": "localhost:8000",
        "user-agent": "Inngest",
        "content-length": str(len(body)),
        "content-type": "application/json",
        "traceparent": "00-c0e838f5784662beebaeb279e9cf23e9-33a0dd12e12a09c4-01",
        "x-inngest-generation-id": "1",
        "x-inngest-job-id": "2l56n1pdazw8b",
        "x-inngest-req-version": "2",
        "x-inngest-step-id": "step",
        "x-request-id": "01M80RCWBA7RP7B1JGF2HQ90X9",
        "x-run-id": "01M80RCW8NB6CQ5CS2V21SWFDF",
        "accept-encoding": "gzip",
    }
    if signed:
        now = str(int(time.time()))
        headers["x-inngest-signature"] = f"t={now}&s={mac(body, now)}"
    return headers
