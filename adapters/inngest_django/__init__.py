"""Inngest functions in a Django project: `path("api/inngest", serve(client))`."""

from inngest_django.view import serve

__all__ = ["serve"]
