"""Inngest functions in a Django project: `path("api/inngest", serve())`, with `INNGEST = {...}` in its settings.

`client` is the client that the settings describe, made when it is first asked for. Without those settings, and without
this package in `INSTALLED_APPS`, give a client of your own: `serve(client)`.
"""

from typing import TYPE_CHECKING, Any

from inngest_django.commit import send_on_commit
from inngest_django.configuration import client_of_settings
from inngest_django.outbox import drain
from inngest_django.view import serve

if TYPE_CHECKING:
    from inngest_py import Inngest

    client: Inngest

__all__ = ["client", "drain", "send_on_commit", "serve"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Make the client of the settings, for whoever imports it."""
        if name != "client":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return client_of_settings()
