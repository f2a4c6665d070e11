"""What the page about testing shows is what happens."""

from __future__ import annotations

import re
import sys

import pytest

import inngest_py
from inngest_py import testing
from inngest_py.testing import results
from readme import ROOT, run, snippets

PAGE = ROOT / "docs" / "testing.md"


@pytest.fixture(scope="module")
def page():
    yield run("page_testing", *snippets("python", PAGE))
    del sys.modules["page_testing"]


TESTS = re.findall(r"^def (test_\w+)", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", TESTS)
def test_a_test_of_the_page_passes(page, name):
    getattr(page, name)()


def test_the_page_names_all_there_is():
    text = PAGE.read_text()
    named = set(re.findall(r"\btesting\.(\w+)", text)) | set(re.findall(r"`(\w+)`", text))
    shown = {"Fed", "LogLine", "Run", "RunStatus", "StepRun", "StepStatus", "Steps", "Stub"}  # what comes back

    assert set(testing.__all__) - named - shown == set()
    assert {field for field in results.Run.__slots__ if field not in {"id", "function", "created_at"}} <= named


def test_what_the_kit_offers_is_there_and_listed_in_order():
    assert list(testing.__all__) == sorted(set(testing.__all__))
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []
    assert "DivergenceError" in inngest_py.__all__
