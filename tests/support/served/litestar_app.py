"""A Litestar app for a real server: it mounts ASGI apps."""

from __future__ import annotations

from litestar import Litestar, asgi

from inngest_asgi import serve
from served.functions import client

app = Litestar(
    [
        asgi("/api/inngest", is_mount=True, copy_scope=True)(serve(client)),
        asgi("/streamed", is_mount=True, copy_scope=True)(serve(client, streaming=True)),
    ]
)
