"""An app made with the official Python SDK registers and runs, over real HTTP, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inngest_py.dev.notices import AppSynced, Notice, RunCompleted, RunFailed
from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer

pytest.importorskip("inngest", reason="the official SDK is not installed")
pytest.importorskip("flask")

APP = Path(__file__).parent / "official_app.py"
PATIENCE = 40


class Watch:
    """Waits for notices."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._changed = asyncio.Event()

    def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._changed.set()

    async def until(self, kind: type[Notice], **fields: Any) -> Any:
        async with asyncio.timeout(PATIENCE):
            while True:
                for notice in self.notices:
                    if isinstance(notice, kind) and all(getattr(notice, key) == fields[key] for key in fields):
                        return notice
                self._changed.clear()
                await self._changed.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextlib.asynccontextmanager
async def running(watch: Watch, **options: Any) -> AsyncIterator[DevServer]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/inngest"
    server = DevServer(Options(port=0, urls=(url,), retry_interval=0.05, **options), observe=watch)
    await server.start()
    process = await asyncio.create_subprocess_exec(sys.executable, str(APP), str(port), server.url)
    try:
        await watch.until(AppSynced)
        yield server
    finally:
        process.kill()
        await process.wait()
        await server.stop()


async def test_an_app_of_the_official_sdk_does_everything_it_should():
    watch = Watch()

    async with running(watch) as server, httpx.AsyncClient(base_url=server.url) as http:
        await http.post("/e/test", json=[{"name": "tour/started", "data": {"n": 7}}])
        done = await watch.until(RunCompleted, function="official-tour")
        failed = await watch.until(RunFailed, function="official-broken")
        handled = await watch.until(RunCompleted, function="official-broken-failure")
        listed = (await http.get("/v1/runs", params={"function": "official-tour"})).json()["data"]
        steps = (await http.get(f"/v1/runs/{done.run_id}/steps")).json()["data"]

    assert json.loads(done.output) == {
        "first": {"n": 7},
        "both": ["L", "R"],
        "retried": "at last",
        "sent": 1,
        "answer": {"n": 7},
        "missed": None,
        "invoked": {"doubled": 4},
        "caught": "broken in inngest/function.invoked",
    }
    assert failed.error.name == "ValueError"
    assert json.loads(handled.output) == "broken in inngest/function.invoked"
    assert [run["status"] for run in listed] == ["Completed"]
    assert [(step["name"], step["status"], step["attempts"]) for step in steps if step["op"] == "StepRun"] == [
        ("first", "Completed", 1),
        ("left", "Completed", 1),
        ("right", "Completed", 1),
        ("flaky", "Completed", 2),
        ("call", "Completed", 1),
    ]
