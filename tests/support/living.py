"""An example on a dev server with a virtual clock: days pass in milliseconds, and flow control is the real one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import finalize

from exampled import Example
from inngest_py import Handler
from inngest_py.dev.happenings import CancelRequested
from inngest_py.dev.model import RunStatus
from inngest_py.dev.simulation import Simulation
from inngest_py.wire.http import Request, Response

URL = "http://app.test/api/inngest"
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""When life begins: seven in the morning in Paris."""


class Life:
    """The server and the app. What the app sends reaches the server at once, what the server asks reaches the app."""

    def __init__(self, example: Example) -> None:
        self._example = example
        self._handler = Handler(example.client, framework="test")
        self._known = 0
        self.server = Simulation(now=round(MONDAY.timestamp() * 1000))
        finalize(self, self.server.store.close)
        self.server.register(self._registration())

    def send(self, name: str, *, id: str = "", **data: Any) -> None:
        self.server.send({"name": name, "data": data, "id": id})

    def let_pass(self, **duration: float) -> None:
        """Live for a while."""
        end = self.server.now + round(timedelta(**duration).total_seconds() * 1000)
        self.server.run(self._app, until=end)
        while (due := self.server.state.next_due()) is not None and due <= end:
            self.server.advance(max(0, due - self.server.now))
            self.server.run(self._app, until=end)
        self.server.now = end

    def cancel(self, fn_id: str) -> None:
        """Cancel the oldest run of a function, as somebody does by the API."""
        self.server.happen(CancelRequested(self.server.runs(f"{self._example.client.app_id}-{fn_id}")[0].id))

    def ends(self, fn_id: str) -> list[tuple[RunStatus, Any]]:
        """How the runs of a function ended, oldest first, and with which result."""
        runs = self.server.runs(f"{self._example.client.app_id}-{fn_id}")
        return [(run.status, json.loads(run.output) if run.output else None) for run in runs]

    def moments(self, fn_id: str) -> list[datetime]:
        """When the runs of a function began."""
        runs = self.server.runs(f"{self._example.client.app_id}-{fn_id}")
        return [datetime.fromtimestamp((run.started_at or 0) / 1000, UTC) for run in runs]

    def _app(self, request: Request) -> Response:
        if self._example.crashing:
            self._handler.handle(request)
        response = self._handler.handle(request)
        sent = self._example.sent[self._known :]
        self._known += len(sent)
        if sent:
            # Their time is that of the machine; here it is that of the server.
            self.server.send(*({key: value for key, value in event.items() if key != "ts"} for event in sent))
        return response

    def _registration(self) -> dict[str, Any]:
        functions = [part.to_json(URL) for function in self._example.client.functions for part in function.parts()]
        return {
            "appName": self._example.client.app_id,
            "deployType": "ping",
            "framework": "test",
            "functions": functions,
            "sdk": "py:v0",
            "url": URL,
            "v": "0.1",
        }
