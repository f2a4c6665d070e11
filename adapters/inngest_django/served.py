"""What is served where: views know what they serve, and the URL configuration knows where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, get_script_prefix

from inngest_django.colours import carry, in_thread, on_loop
from inngest_django.configuration import client_of_settings, read_settings, view_options
from inngest_py import Function, Handler, Inngest

ATTRIBUTE: Final = "inngest_served"
"""Where a view keeps what it serves. Decorators of the kind of `functools.wraps` leave it there."""


class Served:
    """The functions that a view serves. Without a client they are those of the settings' client."""

    def __init__(
        self, client: Inngest | None, functions: Sequence[Function[Any]] | None, options: Mapping[str, Any]
    ) -> None:
        self._client = client
        self._functions = functions
        self._options = options
        if client is not None:
            self.handler = self._handler()

    @property
    def client(self) -> Inngest:
        """The client. Raises ImproperlyConfigured if it should be in the settings, and is not."""
        return client_of_settings() if self._client is None else self._client

    @property
    def functions(self) -> Sequence[Function[Any]]:
        """Those that were given, or all that the client has declared until now."""
        return self.client.functions if self._functions is None else self._functions

    @property
    def origin(self) -> str | None:
        """Where the server finds this project, if anything says so."""
        said: str | None = self._all_options().get("serve_origin")
        return said or self.client.settings.serve_origin

    @property
    def path(self) -> str | None:
        """The path at which the server finds the view, if anything says that it is another than in the project."""
        said: str | None = self._all_options().get("serve_path") or self.client.settings.serve_path
        return None if said is None else f"/{said.removeprefix('/')}"

    @cached_property
    def handler(self) -> Handler:
        """The handler, made when it is first needed: the settings' client has its functions later than its URL."""
        return self._handler()

    def _handler(self) -> Handler:
        return Handler(
            self.client,
            self._functions,
            framework="django",
            in_thread=in_thread,
            on_loop=on_loop,
            carry=carry,
            **self._all_options(),
        )

    def _all_options(self) -> dict[str, Any]:
        return {**(view_options() if self._client is None else {}), **self._options}


def mounted() -> Iterator[tuple[str, Served]]:
    """The paths at which functions are served, as in `"/api/inngest"`, by the project's URL configuration."""
    if getattr(settings, "ROOT_URLCONF", None):
        yield from _below(get_resolver().url_patterns, get_script_prefix())


def _below(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, Served]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, route)
        elif isinstance(served := getattr(pattern.callback, ATTRIBUTE, None), Served):
            yield route, served


def is_pattern(route: str) -> bool:
    """Whether a route is not yet a path that a server could call, as `"/<tenant>/api/inngest"`."""
    return not set(route).isdisjoint("<([\\")


def clients(views: Iterable[Served]) -> Sequence[Inngest]:
    """The settings' client and every client that serves something, each once."""
    found = [] if read_settings() is None else [client_of_settings()]
    return list({id(client): client for client in (*found, *(view.client for view in views))}.values())
