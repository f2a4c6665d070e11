"""A real HTTP server that keeps connections alive, for what only shows on real sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from inngest_py.wire.http import Request, Response

Answer = Callable[[Request], Response]


class SmallServer(ThreadingHTTPServer):
    """Answers with what a function says, and counts the connections."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.connections: set[tuple[str, int]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SmallServer

    def do_POST(self) -> None:
        self.server.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        response = self.server.answer(Request.of(self.command, self.path, self.headers.items(), body))
        self.send_response(response.status)
        for name, value in {**response.headers, "content-length": str(len(response.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST  # noqa: N815 - the name that the standard library looks for

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def serving(answer: Answer) -> Iterator[SmallServer]:
    """A server on a free port of this machine, for as long as the block lasts."""
    with SmallServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
