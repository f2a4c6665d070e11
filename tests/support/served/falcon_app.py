"""A Falcon app for a real server, within apps that answer before it."""

from __future__ import annotations

import falcon

from inngest_wsgi import serve
from served.functions import client

app = serve(client, app=serve(client, app=falcon.App(), path="/streamed", streaming=True))
