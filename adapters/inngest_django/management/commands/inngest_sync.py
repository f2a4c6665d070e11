"""`manage.py inngest_sync`: register the functions with their Inngest server, as a step of a deployment."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from inngest_django.checks import TAG
from inngest_django.served import Served, is_pattern, mounted
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
            given = _origin_of(served) if origin is None else _checked(origin)
            self._register(served, given.rstrip("/"), served.path or _checked_path(path))

    def _register(self, served: Served, origin: str, path: str) -> None:
        client, url = served.client, f"{origin}{path}"
        try:
            answer = served.handler.register(url)
        except (ConfigError, ServerError) as error:
            raise CommandError(f'app "{client.app_id}" was not registered: {error}') from error
        state = "registered" if answer.get("modified", True) else "known already, and unchanged"
        self.stdout.write(f'app "{client.app_id}" at {url}: {state}, {len(served.functions)} functions')


def _checked(origin: str) -> str:
    """The origin that was given. Raises CommandError if there can be no server."""
    try:
        parts = urlsplit(origin)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise CommandError(f"--origin {origin} is not an http or https URL: write it as https://example.com")
    return origin


def _checked_path(route: str) -> str:
    """The route as a path. Raises CommandError if it is a pattern."""
    if is_pattern(route):
        raise CommandError(
            f'{route} is a pattern and no path: say which one the server is to call, serve(serve_path="/...")'
        )
    return route


def _origin_of(served: Served) -> str:
    """Where the server finds this project, by the settings; in development, where runserver listens."""
    origin = served.origin
    if origin is None and served.client.is_production:
        raise CommandError(
            "say where the server finds this project: --origin https://example.com, "
            'INNGEST["SERVE_ORIGIN"] or INNGEST_SERVE_ORIGIN'
        )
    return origin or "http://127.0.0.1:8000"
