"""Every test of an example runs twice: smoothly, and with a crash after every step."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from event_api import EventApi
from exampled import Example, load


@pytest.fixture(scope="session")
def running_event_api() -> Iterator[EventApi]:
    with EventApi() as api:
        yield api


@pytest.fixture(params=[False, True], ids=["smoothly", "crashing"])
def example(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    running_event_api: EventApi,
) -> Iterator[Callable[[str], Example]]:
    """Load an example by its name, in development mode, with an event API to send to."""
    caplog.set_level(logging.CRITICAL, logger="inngest_py")  # many a failure here is meant
    monkeypatch.setenv("INNGEST_DEV", running_event_api.url)
    running_event_api.events.clear()
    yield lambda name: Example(load(name), running_event_api, crashing=request.param)
    for name in [name for name in sys.modules if name.startswith("example_")]:
        del sys.modules[name]
