from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processor time of a process is read from /proc")
def test_the_dev_server_is_measured_against_its_targets_and_checkpointing_is_one_call() -> None:
    sizes = ["--runs=2", "--rounds=1", "--steps=10", "--sleepers=2", "--seconds=0", "--stored=100"]
    command = [sys.executable, str(BENCHMARKS / "dev_server.py"), "--json", *sizes]

    done = subprocess.run(command, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["one-step runs, two calls each, on disk"]["least"] == 600
    assert rows["a run of 10 steps, a call a step"]["unit"] == "ms, 11 calls"
    assert rows["calls of a run of 50 steps, a call a step"]["value"] == 51
    assert rows["calls of a run of 50 steps, each step saved"]["good"] is True
    assert rows["calls of a run of 50 steps, saved by fifties"]["good"] is True
    assert rows["the list of 100 runs"]["value"] > 0
