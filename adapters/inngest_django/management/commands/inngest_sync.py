"""`manage.py inngest_sync`: register the functions with their Inngest server, as a step of a deployment."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inngest_django.checks import TAG
from inngest_django.served import Served, mounted
from inngest_py import ConfigError, ServerError


class Command(BaseCommand):
    """Registers every view of functions in the URL configuration. The app itself need not be up."""

    help = "Registers the project's Inngest functions with their server."
    requires_system_checks = (TAG,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be given."""
        parser.add_argument(
            "--origin", help='where the server finds this project, as in https://example.com; INNGEST["SERVE_ORIGIN"]'
        )

    def handle(self, *_args: Any, origin: str | None, **_options: Any) -> None:
        """Register all. Raises CommandError at the first that the server does not take."""
        views = list(mounted())
        if not views:
            raise CommandError('no functions are served: add path("api/inngest", serve()) to the URL configuration')
        for path, served in views:
            self._register(served, (origin or _origin_of(served)).rstrip("/"), served.path or path)

    def _register(self, served: Served, origin: str, path: str) -> None:
        client, url = served.client, f"{origin}{path}"
        try:
            answer = served.handler.register(url)
        except (ConfigError, ServerError) as error:
            raise CommandError(f'app "{client.app_id}" was not registered: {error}') from error
        state = "registered" if answer.get("modified", True) else "known already, and unchanged"
        self.stdout.write(f'app "{client.app_id}" at {url}: {state}, {len(served.functions)} functions')


def _origin_of(served: Served) -> str:
    """Where the server finds this project, by the settings; in development, where runserver listens."""
    origin = served.origin
    if origin is None and served.client.is_production:
        raise CommandError(
            "say where the server finds this project: --origin https://example.com, "
            'INNGEST["SERVE_ORIGIN"] or INNGEST_SERVE_ORIGIN'
        )
    return origin or "http://127.0.0.1:8000"
