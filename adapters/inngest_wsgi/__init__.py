"""Inngest functions in any WSGI app: `app = serve(client, app=app)`."""

from inngest_wsgi.app import serve

__all__ = ["serve"]
