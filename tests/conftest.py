"""What every test is given."""

from __future__ import annotations

import argparse
import os

import hypothesis
import pytest

from inngest_py.settings import BRANCHES, PLATFORMS

PLATFORM_VARIABLES = {*BRANCHES, *(variable for variable, _ in PLATFORMS.values())}

# A deadline measures the machine, not the code.
hypothesis.settings.register_profile("inngest-py", deadline=None)
hypothesis.settings.load_profile("inngest-py")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("INNGEST_") or name in PLATFORM_VARIABLES:
            monkeypatch.delenv(name)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("inngest-py")
    group.addoption("--seed", type=int, default=1, help="what chance is made of in the tests of the dev server")
    group.addoption("--kills", type=int, default=200, help="how often the dev server is killed")
    group.addoption("--pictures", action="store_true", help="write the pictures of the README anew")
    group.addoption("--schedules", type=int, default=10_000, help="how many courses of events are simulated")


@pytest.fixture
def options(request: pytest.FixtureRequest) -> argparse.Namespace:
    return request.config.option


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests recorded as "summary": what they counted, and their seed."""
    reports = [report for category in ("passed", "failed") for report in terminalreporter.getreports(category)]
    for report in reports:
        for key, value in report.user_properties:
            if key == "summary":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")
