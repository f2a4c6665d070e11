"""What the page about adapters says is so: its adapter conforms, and is as short as it looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from inngest_py.testing.conformance import Conformance, Harness
from readme import run, snippets

PAGE = Path(__file__).parents[2] / "docs" / "adapters.md"
ADAPTER, SUITE = snippets("python", PAGE)
MODULE = run("docs_adapters", ADAPTER, SUITE)


class TestFalcon(Conformance):
    @pytest.fixture
    def harness(self) -> Harness:
        return MODULE.FalconHarness()


def test_the_class_of_the_page_is_that_suite() -> None:
    assert MODULE.TestFalcon.__bases__ == (Conformance,)


def test_the_adapter_has_about_thirty_lines() -> None:
    lines = [line for line in ADAPTER.code.splitlines() if line and not line.startswith(("import", "from"))]

    assert len(lines) <= 30
