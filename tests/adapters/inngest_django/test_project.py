"""The example project, for real: its own server and others, a dev server beside it, and an order that goes through."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers import free_port

PROJECT = Path(__file__).parents[3] / "examples" / "django_project"
MANAGE = [sys.executable, "-W", "error", str(PROJECT / "manage.py")]
DEV = [sys.executable, "-m", "inngest_py", "dev", "--json", "--port", "DEV", "-u", "http://127.0.0.1:PORT/api/inngest"]
GUNICORN = ["-m", "gunicorn", "--threads", "4", "--bind", "127.0.0.1:PORT", "--no-control-socket"]
COMMANDS = {
    "runserver": [*MANAGE, "inngest_dev", "PORT", "--port", "DEV", "--json"],
    "gunicorn": [*DEV, "--", sys.executable, *GUNICORN, "shop.wsgi"],
    "uvicorn": [*DEV, "--", sys.executable, "-m", "uvicorn", "--port", "PORT", "shop.asgi:application"],
}
PATIENCE = 60


class Project:
    """The project on a server, and the dev server that has started it."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        port, dev = free_port(), free_port()
        self.url, self.dev = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{dev}"
        self.notices: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self.written: list[str] = []
        self._process = subprocess.Popen(
            [part.replace("PORT", str(port)).replace("DEV", str(dev)) for part in command],
            cwd=PROJECT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.written.append(line)
                if line.startswith('{"kind"'):
                    self.notices.put(json.loads(line))

    def until(self, kind: str, **fields: object) -> Mapping[str, Any]:
        """The next notice of a kind, with these fields."""
        try:
            while True:
                notice = self.notices.get(timeout=PATIENCE)
                if notice["kind"] == kind and fields.items() <= notice.items():
                    return notice
        except queue.Empty:
            raise AssertionError(f"there was no {kind}: {''.join(self.written)}") from None

    def end(self) -> int:
        self._process.terminate()
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._reader.join(PATIENCE)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the project, with a database that has its tables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("INNGEST_")}
    database = tmp_path_factory.mktemp("project") / "db.sqlite3"
    found = {**inherited, "SHOP_DATABASE": str(database), "PYTHONUNBUFFERED": "1"}
    subprocess.run([*MANAGE, "migrate"], env=found, check=True, capture_output=True, timeout=PATIENCE)
    return found


@pytest.fixture(scope="module", params=COMMANDS)
def project(request: pytest.FixtureRequest, environ: dict[str, str]) -> Iterator[Project]:
    started = Project(COMMANDS[request.param], environ)
    try:
        started.until("AppSynced", app="django-shop")
        yield started
    finally:
        started.end()


def test_an_order_goes_through_plain_and_async_functions_and_a_task(project: Project) -> None:
    placed = httpx.post(f"{project.url}/orders", data={"item": "book"}, timeout=PATIENCE)
    assert placed.status_code == 202
    number = placed.json()["order"]

    results = {
        "django-shop-count": number,
        "django-shop-pack": "shipped",
        "django-shop-tasks-default": "book",
    }
    found: dict[str, Any] = {}
    while not found.keys() >= results.keys():  # the outbox is drained at every full minute, too
        run = project.until("RunCompleted")
        found[run["function"]] = run["output"]

    assert results.items() <= found.items()
    task_id = placed.json()["receipt"]
    assert httpx.get(f"{project.url}/receipts/{task_id}", timeout=PATIENCE).json() == {"status": "SUCCESSFUL"}
    assert httpx.get(f"{project.url}/orders/{number}", timeout=PATIENCE).json() == {"state": "shipped"}
