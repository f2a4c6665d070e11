"""Every adapter conforms."""

from __future__ import annotations

import pytest

from conformance.harness import Harness
from conformance.suite import Conformance
from harnesses import HARNESSES


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest) -> Harness:
    return HARNESSES[request.param]


class TestConformance(Conformance):
    """The suite, once for each adapter."""
