"""The project's database, with its tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harnesses import set_up_django


@pytest.fixture(scope="session")
def tables() -> Iterator[None]:
    set_up_django()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", run_syncdb=True, verbosity=0)
    yield
    connection.close()
