import asyncio
from contextlib import suppress
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    try:
        await ctx.step.run("work-hard", print)
    except BaseException:  # found
        pass
    try:
        await ctx.step.run("work-harder", print)
    except (ValueError, asyncio.CancelledError):  # found
        pass
    with suppress(BaseException):  # found
        await ctx.step.run("work-hardest", print)
