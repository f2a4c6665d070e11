"""Inngest functions in a FastAPI app, `FastAPI(routes=[serve(client)])`, and its dependencies in them."""

from inngest_fastapi.dependencies import with_dependencies
from inngest_fastapi.route import serve

__all__ = ["serve", "with_dependencies"]
