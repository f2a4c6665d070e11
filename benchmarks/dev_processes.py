"""The processes of `dev_server.py`: an app, a dev server beside it, and what they are asked."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

import inngest_py as inngest

HERE = Path(__file__).parent
PATIENCE = 180
HTTP = httpx.Client(verify=False, timeout=60)  # noqa: S501 - reading certificates takes longer than a server's start

Seen = dict[str, Any]


@dataclass(frozen=True)
class Bench:
    """An app and a server.

    `start_up` is how many seconds passed from the start of the server to its first answer; `load` is the processor time
    of that.
    """

    app: str
    server: str
    pid: int
    start_up: float
    load: float

    def send(self, name: str, count: int = 1, **data: Any) -> float:
        """Have runs started, and give the time."""
        HTTP.get(f"{self.app}/forget")
        client = inngest.Inngest(app_id="bench", is_production=False, base_url=self.server)
        now = time.time()
        client.send_sync([inngest.Event(name=f"bench/{name}", data=data) for _ in range(count)])
        return now

    def until(self, **counts: int) -> Seen:
        """What the app has seen, once it is enough. What is asked meanwhile is small, so as not to be measured too."""
        for _ in attempts("the runs have not ended"):
            found: dict[str, int] = HTTP.get(f"{self.app}/counts").json()
            if found["answered"] == found["calls"] and all(found[name] == count for name, count in counts.items()):
                return cast("Seen", HTTP.get(f"{self.app}/seen").json())
        raise AssertionError

    def idle(self) -> None:
        """Wait until no run is active, for the server ends a run after the app has."""
        for _ in attempts("runs are still active"):
            if not any(self.runs(status=status)["data"] for status in ("Queued", "Running")):
                return

    def runs(self, **query: str) -> Any:
        """A page of runs."""
        return HTTP.get(f"{self.server}/v1/runs", params=query).raise_for_status().json()

    def server_seconds(self) -> float:
        """The processor time that the server has used."""
        return processor_seconds(self.pid)


def processor_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def both(database: Path | None = None) -> Iterator[Bench]:
    """An app and a dev server, which keeps its runs in a file or in memory."""
    port, server_port = free_port(), free_port()
    app, server = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{server_port}"
    uvicorn = ["-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--port", str(port), "dev_app:app"]
    dev = ["-m", "inngest_py", "dev", "--port", str(server_port), "--no-discovery", "--no-poll", "--json"]
    dev += [] if database is None else ["--persist", str(database)]
    with process(uvicorn, {"INNGEST_DEV": server}):
        wait_for(f"{app}/seen")
        start = time.perf_counter()
        with process(dev, {}) as started:
            wait_for(f"{server}/health")
            start_up, load = time.perf_counter() - start, processor_seconds(started.pid)
            HTTP.put(f"{app}/api/inngest").raise_for_status()
            yield Bench(app, server, started.pid, start_up, load)


@contextmanager
def process(arguments: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    rest = {key: value for key, value in os.environ.items() if not key.startswith("INNGEST_")}
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=HERE, env=rest | env, stdout=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            started.terminate()


def wait_for(url: str) -> None:
    """Wait for an answer, and look often: this is timed."""
    for _ in attempts(f"nobody answers at {url}"):
        try:
            HTTP.get(url).raise_for_status()
        except httpx.TransportError:
            continue
        return


def attempts(failure: str) -> Iterator[None]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield
        time.sleep(0.01)
    raise SystemExit(failure)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
