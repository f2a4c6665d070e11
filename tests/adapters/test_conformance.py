"""Every adapter conforms."""

from __future__ import annotations

import pytest

from harnesses import HARNESSES
from inngest_py.testing.conformance import Conformance, Harness


@pytest.fixture(params=HARNESSES, ids=lambda harness: harness.name)
def harness(request: pytest.FixtureRequest) -> Harness:
    return request.param


class TestConformance(Conformance):
    """The suite, once for each adapter."""
