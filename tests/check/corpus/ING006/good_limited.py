import httpx
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
LIMITS = {"concurrency": 3, "retries": 2}


@client.create_function(fn_id="ask-one", trigger=inngest.TriggerEvent(event="a/b"), concurrency=2)
async def one(ctx):
    await ctx.step.fetch("ask-service", "https://example.com")


@client.create_function(fn_id="ask-two", trigger=inngest.TriggerEvent(event="a/b"), **LIMITS)
def two(ctx):
    ctx.step.run("ask-service", httpx.get, "https://example.com")


@client.create_function(fn_id="count", trigger=inngest.TriggerEvent(event="a/b"))
def three(ctx):
    ctx.step.run("count-headers", lambda: httpx.Headers({}))
