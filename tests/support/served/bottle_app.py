"""A Bottle app, which mounts WSGI apps, and the standard library's server for it."""

from __future__ import annotations

import sys
from wsgiref.simple_server import make_server

import bottle

from inngest_wsgi import serve
from served.functions import client

app = bottle.Bottle()
app.mount("/api/inngest", serve(client))
app.mount("/streamed", serve(client, streaming=True))

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
