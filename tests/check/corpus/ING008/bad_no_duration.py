import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.sleep("sleep-long", "60")  # found
    ctx.step.sleep("sleep-longer", "2 years")  # found
