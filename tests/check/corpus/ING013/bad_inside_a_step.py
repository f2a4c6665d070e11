import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def inner(ctx):
    ctx.step.run("inner", print)  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    await ctx.step.run("outer-lambda", lambda: ctx.step.run("inner", print))  # found

    async def outer():
        await ctx.step.sleep("sleep-inside", "1d")  # found

    await ctx.step.run("outer-function", outer)
    await ctx.step.run("outer-helper", inner, ctx)
