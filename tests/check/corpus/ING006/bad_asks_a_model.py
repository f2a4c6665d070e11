import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="summarize", trigger=inngest.TriggerEvent(event="a/b"), throttle=None)  # found
async def fn(ctx):
    return await ctx.step.ai.infer("ask-model", adapter=None, body={})
