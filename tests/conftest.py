"""What every test is given."""

from __future__ import annotations

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
