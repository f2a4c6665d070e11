"""A FastAPI app for a real server."""

from __future__ import annotations

from fastapi import FastAPI

from inngest_fastapi import serve
from served.functions import client

app = FastAPI(routes=[serve(client), serve(client, path="/streamed", streaming=True)])
