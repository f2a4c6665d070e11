"""A stand-in for the Runtime API of AWS Lambda, by which a runtime gets its events and tells the results.

It is what AWS documents: the runtime asks for the next event, waits until there is one, and posts what came of it.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count
from queue import SimpleQueue
from typing import Any

from inngest_py.testing.conformance.api import listening

PATIENCE = 30.0
ROOT = "/2018-06-01/runtime"


class RuntimeApi:
    """Where events are given to a runtime. `address` is a host and a port."""

    def __init__(self) -> None:
        self.address = ""
        self._numbers = count(1)
        self._events = SimpleQueue[tuple[str, bytes] | None]()
        self._results: dict[str, Future[Any]] = {}

    def invoke(self, event: Any) -> Any:
        """Give the runtime an event, and wait for what it makes of it. Raises AssertionError if that is an error."""
        number = str(next(self._numbers))
        self._results[number] = Future()
        self._events.put((number, json.dumps(event).encode()))
        return self._results[number].result(PATIENCE)

    def next_event(self) -> tuple[str, bytes] | None:
        """Wait for the next event: its number and its JSON. None at the end."""
        return self._events.get()

    def take(self, path: str, body: bytes) -> None:
        """Take what a runtime tells."""
        number, _, kind = path.removeprefix(f"{ROOT}/invocation/").partition("/")
        if kind == "response":
            self._results[number].set_result(json.loads(body))
            return
        for result in [self._results[number]] if number in self._results else self._results.values():
            if not result.done():
                result.set_exception(AssertionError(body.decode()))

    def end(self) -> None:
        """Let the runtime wait no longer."""
        self._events.put(None)


@contextmanager
def serving_runtime_api() -> Generator[RuntimeApi]:
    """A Runtime API on a free port."""
    api = RuntimeApi()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = api.next_event()
            if found is None:
                self.close_connection = True
                return
            number, event = found
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", number)
            self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:shop")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            api.take(self.path, self._read())
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _read(self) -> bytes:
            if "chunked" not in self.headers.get("transfer-encoding", ""):
                return self.rfile.read(int(self.headers["content-length"]))
            parts: list[bytes] = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with listening(Answering) as api.address:
        try:
            yield api
        finally:
            api.end()
