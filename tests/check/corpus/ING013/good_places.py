import asyncio
import contextlib
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def free(ctx): ...
@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    try:
        await ctx.step.run("work-hard", print)
    except inngest.StepError:
        await ctx.step.run("undo-work", print)
    except Exception:
        await ctx.step.run("tell-somebody", print)
    else:
        await ctx.step.run("go-on", print)
    finally:
        print("done")
    try:
        await ctx.step.run("work-harder", print)
    except BaseException:
        ctx.logger.info("the call ends")
        raise
    with contextlib.suppress(inngest.StepError):
        await ctx.step.run("try-it", print)
    await ctx.step.run("nested-value", print, await ctx.step.run("first-value", print))
    await asyncio.gather(*(ctx.step.run(f"part-{n}", print) for n in range(3)))
