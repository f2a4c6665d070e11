"""Inngest functions in a Starlette or FastAPI app: `Starlette(routes=[serve(client)])`."""

from inngest_starlette.route import serve

__all__ = ["serve"]
