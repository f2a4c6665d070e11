"""Inngest functions in a Tornado app: `Application([serve(client)])`."""

from inngest_tornado.rule import serve

__all__ = ["serve"]
