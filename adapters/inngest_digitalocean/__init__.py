"""Inngest functions in a DigitalOcean function: `main = serve(client)`."""

from inngest_digitalocean.function import serve

__all__ = ["serve"]
