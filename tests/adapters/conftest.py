"""The conformance suite is part of the tests: its assertions explain themselves, too."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("conformance")
