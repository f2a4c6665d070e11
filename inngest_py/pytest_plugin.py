"""The pytest plugin: loaded where this package is installed, and nothing of the testing kit before it is used.

- `inngest_engine` makes an Engine: `engine = inngest_engine(client, start=...)`. When the test fails, the timelines of
  its runs are part of the report.
- `inngest_dev_server` is a real dev server on a free port, and INNGEST_DEV is set to its URL (extra `dev`).
- `--inngest-no-replays` leaves out the replay of each run, `inngest_check_replays = false` in the configuration too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from inngest_py.dev.server import DevServer
    from inngest_py.testing import Engine

_ENGINES: Final = pytest.StashKey["list[Engine]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("inngest", "Inngest functions")
    group.addoption("--inngest-no-replays", action="store_true", help="do not replay the runs of inngest_engine")
    parser.addini("inngest_check_replays", "whether the runs of inngest_engine are replayed", type="bool", default=True)


@pytest.fixture
def inngest_engine(request: pytest.FixtureRequest) -> Callable[..., Engine]:
    """What makes an engine of one client or several; its arguments are those of `testing.Engine`."""
    kit, config = import_module("inngest_py.testing"), request.config
    checks = config.getini("inngest_check_replays") and not config.getoption("--inngest-no-replays")
    made: list[Engine] = request.node.stash.setdefault(_ENGINES, [])

    def make(clients: Any, **options: Any) -> Engine:
        engine: Engine = kit.Engine(clients, **{"check_replays": checks, **options})
        made.append(engine)
        return engine

    return make


@pytest.fixture
def inngest_dev_server(monkeypatch: pytest.MonkeyPatch) -> Generator[DevServer]:
    """A dev server for this test alone. Make the client in the test, or after it: it reads INNGEST_DEV."""
    with import_module("inngest_py.testing").dev_server() as server:
        monkeypatch.setenv("INNGEST_DEV", server.url)
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the runs of a failed test did."""
    report = yield
    engines = item.stash.get(_ENGINES, ())
    if report.failed and report.when == "call" and engines:
        drawn = "\n\n".join(run.timeline() for engine in engines for run in engine.runs)
        report.sections.append(("Inngest runs", drawn or "none"))
    return report
