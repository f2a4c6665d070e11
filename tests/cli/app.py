"""The app that the tests start as a child of `inngest-py dev`."""

from starlette.applications import Starlette

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="order", trigger=inngest.TriggerEvent(event="order/placed"))
async def order(ctx: inngest.Context) -> str:
    kind = await ctx.step.run("look", lambda: ctx.event.data["kind"])
    if kind == "bad":
        raise inngest.NonRetriableError("this order is bad")
    return f"a {kind} order"


app = Starlette(routes=[serve(client)])
