"""`manage.py inngest_prune`: delete the results of tasks that ended long ago."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inngest_django.checks import TAG
from inngest_django.results import rows

LONGEST: Final = 100 * 365


class Command(BaseCommand):
    """Deletes results of tasks; never one of a task that has not ended."""

    help = "Deletes the results of tasks that ended long ago."
    requires_system_checks = (TAG,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be given."""
        parser.add_argument("--days", type=float, default=14, help="how long results are kept, 14 days if not given")

    def handle(self, *_args: Any, days: float, **_options: Any) -> None:
        """Delete them, and say how many there were."""
        if not 0 <= days <= LONGEST:
            raise CommandError(f"--days {days:g} cannot be: say how many days results are kept, from 0 to {LONGEST}")
        ended = rows(to_write=True).filter(finished_at__lt=timezone.now() - timedelta(days=days))
        deleted, _ = ended.delete()
        self.stdout.write(f"{deleted} deleted")
