"""The dev server and an app, two processes that talk HTTP: how many runs, how fast from step to step, at what cost.

python benchmarks/dev_server.py
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import httpx

import inngest_py as inngest

HERE = Path(__file__).parent
PATIENCE = 120
MS = 1000
HOW = {"calls": "a call a step", "saved": "each step saved", "buffered": "50 steps saved together"}


class Bench:
    """The two processes, and what they are asked."""

    def __init__(self, server: str, app: str, pid: int) -> None:
        self._app = httpx.Client(base_url=app)
        self._client = inngest.Inngest(app_id="bench", is_production=False, base_url=server)
        self._pid = pid

    def send(self, name: str, count: int = 1, **data: Any) -> float:
        """Send events, and give the time."""
        self._app.get("/forget")
        now = time.time()
        self._client.send_sync([inngest.Event(name=f"bench/{name}", data=data) for _ in range(count)])
        return now

    def until(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What the app has seen, once it is enough."""
        for _ in attempts(f"the runs have not ended: {self._app.get('/seen').json()['calls']} calls"):
            seen = self._app.get("/seen").json()
            if done(seen):
                return seen
        raise AssertionError

    def server_seconds(self) -> float:
        """The processor time that the server has used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(bench: Bench, runs: int) -> float:
    """Runs of one step each, a second."""
    sent = bench.send("calls", runs, steps=1)
    return runs / (max(bench.until(lambda seen: len(seen["ended"]) == runs)["ended"]) - sent)


def latency(bench: Bench, steps: int) -> float:
    """Milliseconds from one step to the next, where nothing else happens."""
    bench.send("calls", steps=steps)
    ran = bench.until(lambda seen: len(seen["ended"]) == 1)["ran"]
    return median(later - sooner for sooner, later in pairwise(ran)) * MS


def one_run(bench: Bench, name: str, steps: int) -> tuple[float, int]:
    """The milliseconds and the calls that a run of many steps takes."""
    sent = bench.send(name, steps=steps)
    seen = bench.until(lambda seen: len(seen["ended"]) == 1)
    return (seen["ended"][0] - sent) * MS, seen["calls"]


def asleep(bench: Bench, runs: int, seconds: float) -> float:
    """The share of one processor that sleeping runs cost, in percent."""
    bench.send("sleeper", runs)
    bench.until(lambda seen: seen["calls"] == runs)
    time.sleep(1)
    before = bench.server_seconds()
    time.sleep(seconds)
    return (bench.server_seconds() - before) / max(seconds, 0.01) * 100


def measure(options: argparse.Namespace) -> Iterator[tuple[str, float, str]]:
    with processes() as (bench, start_up):
        yield "start-up", start_up * MS, "ms"
        rate(bench, options.runs // 10 or 1)
        yield "one-step runs a second, a call a step", rate(bench, options.runs), ""
        yield "from step to step, a call a step", latency(bench, 50), "ms"
        for steps in (50, options.steps):
            for name, how in HOW.items():
                elapsed, calls = one_run(bench, name, steps)
                yield f"a run of {steps:,} steps, {how}", elapsed, f"ms, {calls:,} calls"
        yield (
            f"{options.sleepers:,} sleeping runs",
            asleep(bench, options.sleepers, options.seconds),
            "% of a processor",
        )


@contextmanager
def processes() -> Iterator[tuple[Bench, float]]:
    """An app and a dev server, and how long the server took to start."""
    app, server = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    env = {key: value for key, value in os.environ.items() if not key.startswith("INNGEST_")} | {"INNGEST_DEV": server}
    uvicorn = ["-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--port", app.rpartition(":")[2]]
    with process([*uvicorn, "dev_app:app"], env):
        wait_for(f"{app}/seen")
        start = time.perf_counter()
        command = [
            "-m",
            "inngest_py",
            "dev",
            "--port",
            server.rpartition(":")[2],
            "--no-discovery",
            "--no-poll",
            "--json",
        ]
        with process([*command], env) as dev:
            wait_for(f"{server}/health")
            start_up = time.perf_counter() - start
            httpx.put(f"{app}/api/inngest").raise_for_status()
            yield Bench(server, app, dev.pid), start_up


@contextmanager
def process(arguments: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, *arguments], cwd=HERE, env=env, stdout=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            started.terminate()


def wait_for(url: str) -> None:
    for _ in attempts(f"nobody answers at {url}"):
        try:
            httpx.get(url).raise_for_status()
        except httpx.TransportError:
            continue
        return


def attempts(failure: str) -> Iterator[None]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield
        time.sleep(0.02)
    raise SystemExit(failure)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--runs", type=int, default=1_000, help="how many runs of one step")
    parser.add_argument("--steps", type=int, default=999, help="how many steps the longest run has: 1,000 are too many")
    parser.add_argument("--sleepers", type=int, default=10_000, help="how many runs sleep")
    parser.add_argument("--seconds", type=float, default=5, help="how long their cost is measured")
    options = parser.parse_args()
    for name, value, unit in measure(options):
        shown = (
            json.dumps({"name": name, "value": value, "unit": unit})
            if options.json
            else f"{name:<44} {value:>11,.1f} {unit}"
        )
        print(shown, flush=True)


if __name__ == "__main__":
    main()
