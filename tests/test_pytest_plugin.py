"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TESTS = """
import json
import os
import urllib.request

import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="draws", trigger=inngest.TriggerEvent(event="go"))
def draws(ctx):
    drawn.append(1)
    ctx.step.run(f"draw-{len(drawn)}", str)


drawn = []


def test_engine(inngest_engine):
    engine = inngest_engine(client)
    engine.send(inngest.Event(name="go"))
    engine.run_until_idle()
    assert [run.status for run in engine.runs] == ["Completed"]
    assert not os.environ.get("MUST_FAIL")


def test_dev_server(inngest_dev_server):
    assert os.environ["INNGEST_DEV"] == inngest_dev_server.url
    with urllib.request.urlopen(inngest_dev_server.url + "/v1/runs") as answer:
        assert json.load(answer)["data"] == []
"""


def pytest_in(folder: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run the tests above, with only this plugin."""
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "inngest_py.pytest_plugin"]
    done = subprocess.run(
        [*command, *arguments, "-p", "no:cacheprovider", "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_run_that_is_replayed_differently_fails_the_test(tmp_path: Path) -> None:
    code, output = pytest_in(tmp_path, "-k", "engine")

    assert code == 1, output
    assert "DivergenceError: shop-draws is not the same when it is replayed" in output


@pytest.mark.parametrize("way", [["--inngest-no-replays"], ["-o", "inngest_check_replays=false"]])
def test_the_replays_can_be_left_out(tmp_path: Path, way: list[str]) -> None:
    code, output = pytest_in(tmp_path, *way)

    assert code == 0, output
    assert "2 passed" in output


def test_a_failed_test_shows_the_timelines_of_its_runs(tmp_path: Path) -> None:
    code, output = pytest_in(tmp_path, "--inngest-no-replays", "-k", "engine", MUST_FAIL="1")

    assert code == 1, output
    assert "Inngest runs" in output
    assert "shop-draws: Completed after 0s\n└─ +0s  draw-1  run  Completed" in output


def test_pytest_finds_the_plugin_where_the_package_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["entry-points"]["pytest11"] == {"inngest_py.pytest_plugin": "inngest_py.pytest_plugin"}


def test_who_does_not_use_the_plugin_loads_nothing_of_the_kit() -> None:
    code = "import sys, inngest_py.pytest_plugin; assert 'inngest_py.testing' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True)
