"""Inngest functions in any ASGI app: `app = serve(client, app=app)`."""

from inngest_asgi.app import serve

__all__ = ["serve"]
