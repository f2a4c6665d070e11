"""A Flask app for a real server."""

from __future__ import annotations

import flask

from inngest_flask import serve
from served.functions import client

app = flask.Flask(__name__)
app.register_blueprint(serve(client))
app.register_blueprint(serve(client, path="/streamed", streaming=True))
