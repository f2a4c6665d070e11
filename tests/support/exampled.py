"""Loads an example fresh from its file, and plays its functions as a server would."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from event_api import EventApi
from inngest_py import Handler, Inngest
from played import Played, call_request

EXAMPLES = Path(__file__).parents[2] / "examples"
TS = 1_795_431_600_000
"""When the events of these tests happened: 23 November 2026 at 11:00 in UTC."""


def load(name: str) -> ModuleType:
    """Run the file of an example, once more each time, so that what it keeps in memory is empty."""
    spec = spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def event(name: str, **data: Any) -> dict[str, Any]:
    """An event as a server sends it."""
    return {"name": name, "data": data, "id": "E1", "ts": TS}


class Example:
    """An example that was loaded, the events that it has sent, and the way to play its functions.

    `crashing` makes every request twice and loses the first answer, as if the app had crashed after every step.
    """

    def __init__(self, module: ModuleType, api: EventApi, *, crashing: bool) -> None:
        self.module = module
        self.sent = api.events
        self.crashing = crashing

    @property
    def client(self) -> Inngest:
        client: Inngest = self.module.client
        return client

    def play(self, fn_id: str, trigger: dict[str, Any], **options: Any) -> Played:
        """Play one run to its end."""
        run = Played(
            Handler(self.client, framework="test"),
            f"{self.client.app_id}-{fn_id}",
            event=trigger,
            repeat=lambda: self.crashing,
            **options,
        )
        return run.play()

    def play_failure(self, fn_id: str, trigger: dict[str, Any], failed: Played) -> Played:
        """Play the run of a function's `on_failure` handler, as a server does when a run has failed for good."""
        assert failed.status == "failed"
        data = {"function_id": failed.function_id, "run_id": "R1", "event": trigger, "error": failed.output}
        return self.play(f"{fn_id}-failure", event("inngest/function.failed", **data))

    def call(self, fn_id: str, events: list[dict[str, Any]], **ctx: Any) -> Any:
        """Make one request for a function with several events, and give the body of the answer."""
        function_id = f"{self.client.app_id}-{fn_id}"
        request = call_request(function_id, event=events[0], events=events, **ctx)
        return json.loads(Handler(self.client, framework="test").handle(request).body)


def story(run: Played) -> list[tuple[str, str]]:
    """What a run did, in order: the kind of each step that came to its end, and its id."""
    return [(op["op"], op["userland"]["id"]) for op in run.ops if op["op"] != "StepPlanned"]


def rules(example: Example, fn_id: str) -> dict[str, Any]:
    """What a function registers with."""
    functions = {function.local_id: function for function in example.client.functions}
    return functions[fn_id].to_json("http://app.test/api/inngest")
