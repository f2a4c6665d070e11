from datetime import timedelta
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
LONG = timedelta(weeks=60)


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    await ctx.step.wait_for_event("wait-for-answer", event="a/c", timeout="400d")  # found
    await ctx.step.wait_for_event("wait-for-more", event="a/c", timeout=LONG)  # found
    await ctx.step.sleep("sleep-long", "366d")  # found
