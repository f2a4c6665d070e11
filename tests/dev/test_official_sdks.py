"""Apps made with the official SDKs do all that they can, over real HTTP, each in a process of its own.

    pytest tests/dev/test_official_sdks.py

The functions are the same in each: official/plain.py, official/native.py (in tests/support) and js/app.js. The
JavaScript SDK is installed by npm on first use; where that cannot be, its tests are skipped and say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer
from node import installed, node
from servers import SUPPORT, free_port
from watching import PATIENCE, Watch

pytest.importorskip("inngest", reason="the official SDK is not installed")

JAVASCRIPT = Path(__file__).parent / "js"
FRAMEWORKS = ["django", "fastapi", "fastapi, streamed", "flask", "express", "express, streamed, without checkpoints"]

EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("tour", {"n": 7}),
    *((name, {}) for name in ("flaky", "patient", "final", "late", "javascript")),
    *(("stopped", {"n": n}) for n in (1, 2)),
    *(("batched", {"n": n}) for n in (1, 2, 3, 4)),
    *((name, {"n": n}) for name in ("alone", "last", "limited", "narrow", "paced") for n in (1, 2, 3)),
    *(("once", {"n": n, "key": n % 2}) for n in (1, 2, 3)),
]

TOUR = {
    "second": [{"n": 7}],
    "both": ["L", "R"],
    "retried": "at last",
    "sent": 1,
    "answer": {"n": 7},
    "missed": None,
    "invoked": {"doubled": 4},
    "caught": "broken",
}

OUTCOMES: dict[str, list[tuple[str, Any]]] = {
    "tour": [("Completed", TOUR)],
    "caller": [("Completed", 2)],
    "child": [("Completed", {"doubled": 4})],
    "broken": [("Failed", "broken")],
    "broken-failure": [("Completed", "broken")],
    "flaky": [("Completed", {"attempt": 2, "executed": 1})],
    "patient": [("Completed", "later")],
    "final": [("Failed", "never again")],
    "final-failure": [("Completed", "never again")],
    "stopped": [("Cancelled", {}), ("Completed", "not stopped")],
    "late": [("Cancelled", {})],
    "batched": [("Completed", [1, 2, 3]), ("Completed", [4])],
    "alone": [("Completed", 1)],
    "last": [("Completed", 3)],
    "limited": [("Completed", 1)],
    "narrow": [("Completed", "alone")] * 3,
    "paced": [("Completed", 1), ("Completed", 2), ("Completed", 3)],
    "once": [("Completed", 1), ("Completed", 2)],
}
"""How the runs of each function end, oldest first, and with which result or message."""

JAVASCRIPT_ONLY: dict[str, list[tuple[str, Any]]] = {
    "javascript": [
        (
            "Completed",
            {
                "signal": {"signal": "green", "data": {"n": 3}},
                "received": "sent",
                "winner": "quick",
                "fetched": {"n": 5},
            },
        )
    ],
}
"""What the JavaScript SDK has and the Python SDK has not: signals, races of steps, requests made by the server."""

STEPS = {"first": 1, "second": 1, "left": 1, "right": 1, "flaky": 2, "call": 1}
"""How often each step of the tour that runs code was attempted."""


async def synced(watch: Watch, process: Process) -> None:
    """Until the app of a process has registered."""
    ended = asyncio.ensure_future(process.wait())
    ended.add_done_callback(lambda _: watch.wake())
    async with asyncio.timeout(PATIENCE):
        while not watch.is_synced:
            assert not ended.done(), "the app has ended by itself"
            await watch.change()
    ended.cancel()


@pytest.fixture
def command(framework: str, request: pytest.FixtureRequest) -> list[str]:
    if not framework.startswith("express"):
        return [sys.executable, str(SUPPORT / "official" / "app.py"), framework]
    program = node()
    folder = installed(JAVASCRIPT, request.config.cache.mkdir("node-packages"))
    return [program, str(folder / "app.js"), framework]


@contextlib.asynccontextmanager
async def running(command: list[str], watch: Watch) -> AsyncIterator[DevServer]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/inngest"
    server = DevServer(Options(port=0, urls=(url,), retry_interval=0.05), observe=watch)
    await server.start()
    environ = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    process = await asyncio.create_subprocess_exec(*command, str(port), server.url, env=environ)
    try:
        await synced(watch, process)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await server.stop()


async def ended(http: httpx.AsyncClient) -> dict[str, list[dict[str, Any]]]:
    """All runs by function, oldest first."""
    by_function: dict[str, list[dict[str, Any]]] = {}
    for run in (await http.get("/v1/runs", params={"limit": 100})).json()["data"]:
        by_function.setdefault(run["function"].removeprefix("official-"), []).insert(0, run)
    return by_function


def outcome(run: dict[str, Any]) -> tuple[str, Any]:
    return run["status"], run["output"]["message"] if run["status"] == "Failed" else run["output"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_an_app_of_an_official_sdk_does_all_it_can(framework, command):
    watch = Watch()

    async with running(command, watch) as server, httpx.AsyncClient(base_url=server.url) as http:
        await http.post("/e/test", json=[{"name": f"tour/{name}", "data": data} for name, data in EVENTS])
        await http.post("/e/test", json={"name": "tour/stop", "data": {"n": 1}})
        await watch.quiet(server)
        runs = await ended(http)
        steps = (await http.get(f"/v1/runs/{runs['tour'][0]['run_id']}/steps")).json()["data"]

    expected = OUTCOMES | (JAVASCRIPT_ONLY if framework.startswith("express") else {})
    assert {name: [outcome(run) for run in listed] for name, listed in runs.items()} == expected
    assert {step["name"]: step["attempts"] for step in steps if step["op"] == "StepRun"} == STEPS
    starts = [run["started_at"] for run in runs["paced"]]
    assert starts == sorted(starts)
    assert len({start[:19] for start in starts}) == 3, "a second apart"
