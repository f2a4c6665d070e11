"""Our server makes the requests that a real one made, when an app answers what a real one answered.

What may differ is `disable_immediate_execution`: ours is false after a sleep among parallel steps, which saves a
request, and true while anything else of the run is under way, which keeps a step from being executed twice.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.wire.http import Request, Response

CAPTURES = Path(__file__).parent / "captures"
_ULID = re.compile(r"\b0[0-9A-HJKMNP-TV-Z]{25}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b1[78]\d{11}\b")
_DATE = re.compile(r"\b20\d\d-\d\d-\d\dT[0-9:.]+Z")
_OURS = ("job_id", "qi_id", "current")
_TRACES = ("tc", "isr")


def exchanges(name: str) -> list[dict[str, Any]]:
    return json.loads((CAPTURES / f"{name}.json").read_text())


def registration(slugs: set[str]) -> dict[str, Any]:
    """What the captured app registered, but for functions that only log what the others do."""
    payload = next(it["body"] for it in exchanges("registration") if it["path"] == "/fn/register")
    return {**payload, "functions": [function for function in payload["functions"] if function["id"] in slugs]}


def plain(body: Any) -> Any:
    """A body without what differs from run to run: ids and times."""
    text = json.dumps(_without(body), sort_keys=True)
    for pattern, word in ((_ULID, "ULID"), (_UUID, "UUID"), (_DATE, "DATE"), (_TIME, "0")):
        text = pattern.sub(word, text)
    return json.loads(text)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(part) for key, part in value.items() if key not in (*_OURS, *_TRACES)}
    return [_without(part) for part in value] if isinstance(value, list) else value


class Played:
    """An app that answers what the captured one did. Requests may come in another order, but not be others."""

    def __init__(self, name: str) -> None:
        calls = [it for it in exchanges(name) if it["to"] == "sdk" and it["method"] == "POST"]
        begun = {it["body"]["ctx"]["run_id"] for it in calls if not it["body"]["steps"]}
        self.left = [it for it in calls if it["body"]["ctx"]["run_id"] in begun]

    def __call__(self, request: Request) -> Response:
        body = json.loads(request.body)
        found = next((it for it in self.left if self._fits(it, request, body)), None)
        assert found is not None, f"a request that the real server did not make: {request.url} {body}"
        self.left.remove(found)
        self._compare(found["body"], body)
        response = found["response"]
        text = "" if response["body"] is None and response["status"] == 200 else json.dumps(response["body"])
        headers = {key.lower(): value for key, value in response["headers"].items() if key.lower() != "retry-after"}
        return Response(response["status"], headers, text.encode())

    def _fits(self, it: dict[str, Any], request: Request, body: dict[str, Any]) -> bool:
        same_step = it["query"] == dict(request.query)
        return (
            same_step and it["body"]["steps"].keys() == body["steps"].keys() and _attempt(it["body"]) == _attempt(body)
        )

    def _compare(self, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
        for body in (theirs, ours):
            body["ctx"].pop("disable_immediate_execution")
        assert plain(ours) == plain(theirs)


def _attempt(body: dict[str, Any]) -> tuple[int, int]:
    return body["ctx"]["attempt"], body["ctx"]["generation_id"]


def play(name: str) -> tuple[Simulation, Played]:
    now = round(exchanges(name)[0]["t"] * 1000)
    simulation, app = Simulation(now=now, rules=Rules(retry_interval=1000)), Played(name)
    simulation.register(registration({it["query"]["fnId"] for it in app.left}))
    for it in exchanges(name):
        at = round(it["t"] * 1000)
        simulation.run(app, until=at)
        simulation.now = max(simulation.now, at)
        if it["path"].startswith("/e/"):
            for event in it["body"] if isinstance(it["body"], list) else [it["body"]]:
                simulation.send({key: value for key, value in event.items() if key != "ts"})
    simulation.run(app, until=simulation.now + 1000)
    return simulation, app


@pytest.mark.parametrize(
    "name",
    [
        "function_level_failure",
        "invoke",
        "invoke_failing",
        "invoke_missing_function",
        "invoke_returns_null",
        "parallel_steps",
        "cancel_by_event",
        "batch_events",
        "send_event_in_step",
        "retry_after_error_step",
        "invoke_timeout",
        "internal_event_cancelled",
        "internal_event_failed_and_finished",
        "internal_event_failed_fn_level",
        "internal_event_finished_success",
        "internal_event_invoked",
        "no_step_function",
        "non_retriable_error_function",
        "non_retriable_error_step",
        "parallel_steps_one_fails",
        "repeated_step_ids_loop",
        "sleep",
        "step_error_caught",
        "step_fails_then_succeeds",
        "step_permanent_failure_on_failure",
        "two_serial_steps",
        "wait_for_event_fulfilled",
    ],
)
def test_it_makes_the_same_requests(name):
    _, app = play(name)

    assert app.left == []
