from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_benchmark_runs_and_finds_both_packages_doing_the_same_work() -> None:
    command = [
        sys.executable,
        str(BENCHMARKS / "run.py"),
        "--json",
        "--rounds=1",
        "--slot=0",
        "--largest=10",
        "--apps=1",
    ]

    done = subprocess.run(command, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["framework"] for row in rows} == {"Starlette", "FastAPI", "Flask", ""}
    assert all(row["ours"] > 0 and row["official"] > 0 for row in rows)
