"""Real servers in processes of their own, started and ended without waiting blindly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from inngest_py import Request, Response

PATIENCE = 30.0
SUPPORT = Path(__file__).parent


class Server:
    """A server that was started on a port."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name = name
        self.process = process
        self.port = port
        self._output: str | None = None

    def await_port(self) -> None:
        """Wait until the server listens."""
        for _ in range(int(PATIENCE / 0.02)):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE):
                return
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"the server ended with {self.process.wait(0.02)}: {self.output()}")
        raise AssertionError(f"the server does not listen: {self.output()}")

    def send(self, request: Request, *, chunked: bool = False) -> Response:
        """Ask over a connection of its own, with the names of the headers as they are."""
        url = urlsplit(request.url)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            target = f"{url.path}?{url.query}" if url.query else url.path
            body = iter([request.body]) if chunked else request.body
            with suppress(ConnectionError):  # a server may answer before it has read all, and read no more
                connection.request(request.method, target, body, dict(request.headers), encode_chunked=chunked)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, headers, answer.read())
        finally:
            connection.close()

    def leave(self, request: Request) -> socket.socket:
        """Ask, and give the connection, to be closed before there is an answer."""
        lines = {"Content-Length": str(len(request.body)), **request.headers}
        return self._connect(replace(request, headers=lines))

    def break_off(self, request: Request) -> bytes:
        """Send what there is of a request, and nothing more; give all that comes back."""
        with self._connect(request) as connection:
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            with suppress(ConnectionError):
                while part := connection.recv(10_000):
                    answer += part
        return answer

    def _connect(self, request: Request) -> socket.socket:
        """A connection over which a request was sent just as it is."""
        url = urlsplit(request.url)
        head = f"{request.method} {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        text = head + "".join(f"{name}: {value}\r\n" for name, value in request.headers.items()) + "\r\n"
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(text.encode() + request.body)
        return connection

    def end(self) -> int:
        """End the server in the way in which a process manager does. Its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()

    def output(self) -> str:
        """All that the server has written; it is ended, if it has not."""
        if self._output is None:
            self.process.kill()
            self._output = self.process.communicate()[0].decode(errors="replace")
        return self._output


@contextmanager
def serving(name: str, command: Sequence[str], environ: Mapping[str, str]) -> Iterator[Server]:
    """Start Python with a command line on a free port, which stands for PORT in it; do not wait for it."""
    port = free_port()
    arguments = [sys.executable, *(part.replace("PORT", str(port)) for part in command)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INNGEST_")}
    process = subprocess.Popen(
        arguments,
        env={**inherited, "PYTHONPATH": str(SUPPORT), "PYTHONUNBUFFERED": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    server = Server(name, process, port)
    try:
        yield server
    finally:
        if process.poll() is None:
            server.end()
        server.output()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
