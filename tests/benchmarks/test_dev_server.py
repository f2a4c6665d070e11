from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processor time of a process is read from /proc")
def test_the_dev_server_is_measured_and_checkpointing_is_one_call() -> None:
    sizes = ["--runs=2", "--steps=3", "--sleepers=2", "--seconds=0"]
    command = [sys.executable, str(BENCHMARKS / "dev_server.py"), "--json", *sizes]

    done = subprocess.run(command, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["a run of 3 steps, a call a step"]["unit"] == "ms, 4 calls"
    assert rows["a run of 3 steps, each step saved"]["unit"] == "ms, 1 calls"
    assert rows["a run of 3 steps, 50 steps saved together"]["unit"] == "ms, 1 calls"
