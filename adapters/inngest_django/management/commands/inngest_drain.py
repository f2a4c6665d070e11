"""`manage.py inngest_drain`: send what is in the outbox, once or for ever."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections

from inngest_django.checks import TAG
from inngest_django.colours import close_connections
from inngest_django.outbox import drain, waiting

LONGEST: Final = 24 * 60 * 60


class Command(BaseCommand):
    """Drains the outbox of a database."""

    help = "Sends the events that are in the outbox."
    requires_system_checks = (TAG,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be given."""
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections), help="the database with the outbox"
        )
        parser.add_argument("--every", type=float, metavar="SECONDS", help="do it again and again, with this pause")

    def handle(self, *_args: Any, database: str, every: float | None, **_options: Any) -> None:
        """Send all that can be sent, and say how many; until Ctrl-C, if it is to be done again and again."""
        if every is not None and not 0 <= every <= LONGEST:
            raise CommandError(f"--every {every:g} is no pause: say how many seconds, from 0 to {LONGEST}")
        while True:
            sent = drain(using=database)
            if sent or every is None:
                self.stdout.write(f"{sent} sent, {waiting(using=database)} waiting")
            if every is None:
                return
            close_connections()
            time.sleep(every)
