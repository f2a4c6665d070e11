"""Asks an ASGI app in process, as the async test clients of Starlette and FastAPI do."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


def ask(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    """Make one request on an event loop of its own."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app.test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())
