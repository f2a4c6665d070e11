"""Inngest functions in a Flask app: `app.register_blueprint(serve(client))`."""

from inngest_flask.blueprint import serve

__all__ = ["serve"]
