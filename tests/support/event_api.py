"""An event API that takes everything and remembers it: where the apps under test send their events to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class EventApi:
    """A real server on a free port of this machine, for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> dict[str, Any]:
        """Note the events of a request, and answer as the event API does (PROTOCOL 10.1)."""
        events = json.loads(body)
        first = len(self.events)
        self.events += events
        return {"ids": [f"event-{first + index}" for index in range(len(events))], "status": 200}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                # It knows nothing of runs: results of steps cannot be saved on the way, and come as answers.
                taken = self.path.startswith("/e/")
                answer = json.dumps(api.take(body)).encode() if taken else b"{}"
                self.send_response(200 if taken else 404)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        return Answer
