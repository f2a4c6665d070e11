"""A Quart app for a real server, within apps that answer before it."""

from __future__ import annotations

from quart import Quart

from inngest_asgi import serve
from served.functions import client

app = Quart(__name__)
streamed = serve(client, app=app.asgi_app, path="/streamed", streaming=True)
app.asgi_app = serve(client, app=streamed)  # type: ignore[assignment,method-assign]
