import asyncio
import time
import httpx
import requests
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def pause():
    time.sleep(1)


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    await asyncio.sleep(1)
    await ctx.step.run("pause-a-second", pause)
    await ctx.step.run("ask-service", requests.get, "https://example.com")
    await ctx.step.run("pause-again", lambda: time.sleep(1))
    await asyncio.to_thread(time.sleep, 1)

    async def ask():
        async with httpx.AsyncClient() as http:
            return (await http.get("https://example.com")).text

    await ctx.step.run("ask-politely", ask)


@client.create_function(fn_id="plain", trigger=inngest.TriggerEvent(event="a/b"))
def plain(ctx):
    time.sleep(1)
