"""FastAPI: one kind of model for requests, events and results, and dependencies in functions as in endpoints.

inngest-py dev -- uvicorn --app-dir examples fastapi_app:app --reload
curl -X POST localhost:8000/photos -H 'content-type: application/json' -d '{"key": "cat.jpg", "width": 640}'
"""

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel

import inngest_py as inngest
from inngest_fastapi import serve, with_dependencies

client = inngest.Inngest(app_id="fastapi-photos")


class Photo(BaseModel):
    key: str
    width: int


class Gallery:
    """Where photos are published. Tests put another one in its place, with `app.dependency_overrides`."""

    async def publish(self, photo: Photo) -> str:
        return f"https://photos.example.com/{photo.key}"


photo_uploaded = inngest.EventType("photo/uploaded", Photo)


@client.create_function(fn_id="resize-photo", trigger=photo_uploaded, throttle=inngest.Throttle(limit=10, period="1m"))
@with_dependencies
async def resize_photo(ctx: inngest.Context[Photo], gallery: Annotated[Gallery, Depends()]) -> Photo:
    small = await ctx.step.run("resize", resize, ctx.event.data, width=200)
    await ctx.step.run("publish", gallery.publish, small)
    return small


def resize(photo: Photo, width: int) -> Photo:
    """Keep a processor busy: a plain step runs in a thread, and holds no other request up."""
    return Photo(key=f"{width}/{photo.key}", width=min(width, photo.width))


app = FastAPI(routes=[serve(client)])


@app.post("/photos", status_code=202)
async def upload(photo: Photo) -> list[str]:
    return await client.send(photo_uploaded(photo))
