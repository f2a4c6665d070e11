"""`manage.py check`: Django's own command, which also shows what the linter finds."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.core.management.commands import check

from inngest_django.checks import CODE_TAG, asking_about_code


class Command(check.Command):
    """Asks about the code where somebody wants to read of it: on the command line, or by the tag.

    `migrate`, `runserver` and `test` run the same checks, and are about something else.
    """

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as a command line says."""
        with asking_about_code():
            super().run_from_argv(argv)

    def handle(self, *app_labels: Any, **options: Any) -> None:
        """Run the checks, of the code too if its tag is among those that are given."""
        with asking_about_code() if CODE_TAG in (options["tags"] or ()) else nullcontext():
            super().handle(*app_labels, **options)
