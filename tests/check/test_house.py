"""This repository keeps its own rules."""

from __future__ import annotations

from pathlib import Path

from inngest_py.check import check_paths, read_configuration

ROOT = Path(__file__).parents[2]


def test_nothing_of_ours_has_an_error():
    configuration = read_configuration(ROOT)

    found = check_paths(
        [ROOT / name for name in ("adapters", "benchmarks", "examples", "tests")], configuration
    ).findings

    assert [f"{finding.path}:{finding.span.line} {finding.message}" for finding in found if finding.severity > 1] == []
