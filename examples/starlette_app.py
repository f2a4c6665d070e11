"""Starlette: pages are fetched at the same time, each in a step of its own, and put together.

inngest-py dev -- uvicorn --app-dir examples starlette_app:app --reload
curl -X POST localhost:8000/digests -H 'content-type: application/json' -d '{"urls": ["https://example.com"]}'
"""

import asyncio

import httpx
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="starlette-digest")


class DigestWanted(BaseModel):
    urls: list[str]


digest_wanted = inngest.EventType("digest/wanted", DigestWanted)


@client.create_function(fn_id="make-digest", trigger=digest_wanted, retries=2, concurrency=5)
async def make_digest(ctx: inngest.Context[DigestWanted]) -> str:
    urls = ctx.event.data.urls
    sizes = await asyncio.gather(*(ctx.step.run(f"fetch {url}", size_of, url) for url in urls))
    return await ctx.step.run("put-together", put_together, urls, sizes)


async def size_of(url: str) -> int:
    async with httpx.AsyncClient(follow_redirects=True) as http:
        response = await http.get(url)
    return len(response.raise_for_status().content)


def put_together(urls: list[str], sizes: list[int]) -> str:
    return "\n".join(f"{size:>10} {url}" for url, size in zip(urls, sizes, strict=True))


async def want_digest(request: Request) -> JSONResponse:
    ids = await client.send(digest_wanted(await request.json()))
    return JSONResponse({"event": ids[0]}, status_code=202)


app = Starlette(routes=[serve(client), Route("/digests", want_digest, methods=["POST"])])
