"""What an import and an app cost, each measured in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

IMPORT = """
import time
start = time.perf_counter()
import {package}
print(time.perf_counter() - start)
"""

# One app is built before, so that only what each app has of its own is counted.
APPS = """
import tracemalloc
from apps import starlette_app
starlette_app("{package}", 20)
tracemalloc.start()
held = [starlette_app("{package}", 20) for _ in range({apps})]
print(tracemalloc.get_traced_memory()[0] / {apps})
"""


def import_seconds(packages: Sequence[str], rounds: int) -> dict[str, float]:
    """How long an import takes in a fresh process, in turns; the median of the rounds counts."""
    found: dict[str, list[float]] = {package: [] for package in packages}
    for _ in range(rounds):
        for package in packages:
            found[package].append(float(_run(IMPORT.format(package=package))))
    return {package: median(times) for package, times in found.items()}


def app_bytes(packages: Sequence[str], apps: int) -> dict[str, float]:
    """The memory of one served app with 20 functions."""
    return {package: float(_run(APPS.format(package=package, apps=apps))) for package in packages}


def _run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode()
