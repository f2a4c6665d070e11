"""Requests to the app without a dev server, and with other clients: what is possible at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp
import httpx

from inngest_py.dev.pool import Pool

AT_ONCE = 32
TYPE = {"Content-Type": "application/json", "X-Inngest-Server-Kind": "dev"}

Post = Callable[[str, bytes], Awaitable[object]]


async def with_ours(posts: Sequence[tuple[str, bytes]]) -> float:
    """The seconds that requests take with the dev server's client."""
    pool = Pool(at_once=AT_ONCE, kept=60, patience=10, limit=1 << 20)
    try:
        return await seconds(lambda url, body: pool.request("POST", url, TYPE, body), posts)
    finally:
        pool.close()


async def with_aiohttp(posts: Sequence[tuple[str, bytes]]) -> float:
    """The same with aiohttp."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def post(url: str, body: bytes) -> None:
            async with session.post(url, data=body, headers=TYPE) as response:
                await response.read()

        return await seconds(post, posts)


async def with_httpx(posts: Sequence[tuple[str, bytes]]) -> float:
    """The same with httpx."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=AT_ONCE), timeout=60) as client:
        return await seconds(lambda url, body: client.post(url, content=body, headers=TYPE), posts)


async def seconds(post: Post, posts: Sequence[tuple[str, bytes]]) -> float:
    """How long so many posts take, some at a time."""
    left = iter(posts)

    async def some() -> None:
        for url, body in left:
            await post(url, body)

    start = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - start
