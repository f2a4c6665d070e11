"""A stand-in for the API of an Inngest server: keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from inngest_py import Request


class Api:
    """Registration and the event API. `status` and `body` are what registration is answered with."""

    def __init__(self) -> None:
        self.url = ""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything."""
        self.status = 200
        self.body: Any = {"ok": True, "modified": True}
        self.requests: list[Request] = []

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Keep a request, and answer it."""
        self.requests.append(request)
        if path_of(request).startswith("/e/"):
            ids = [f"id-{number}" for number, _ in enumerate(json.loads(request.body))]
            return 200, json.dumps({"ids": ids, "status": 200}).encode()
        return self.status, json.dumps(self.body).encode()


def path_of(request: Request) -> str:
    """The path of a request, percent-encoded as it was sent."""
    return urlsplit(request.url).path


@contextmanager
def serving_api() -> Generator[Api]:
    """An API on a free port."""
    api = Api()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = api.answer(Request.of("POST", f"{api.url}{self.path}", self.headers.items(), body))
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with listening(Answering) as address:
        api.url = f"http://{address}"
        yield api


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Generator[str]:
    """An HTTP server in a thread; give its address, a host and a port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
