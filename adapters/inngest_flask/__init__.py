"""Inngest functions in a Flask app: `app.register_blueprint(serve(client))`."""

from inngest_flask.blueprint import serve
from inngest_flask.extension import InngestFlask

__all__ = ["InngestFlask", "serve"]
