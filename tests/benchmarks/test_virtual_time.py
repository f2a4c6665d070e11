"""The benchmark of the testing kit plays what it says."""

from __future__ import annotations

import runpy
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "virtual_time.py"


def test_the_campaign_lasts_ninety_days_and_sends_a_letter_every_week():
    _, run = runpy.run_path(str(BENCHMARK))["measured"](check_replays=True)

    assert run.output == 13
    assert run.duration.days == 90
