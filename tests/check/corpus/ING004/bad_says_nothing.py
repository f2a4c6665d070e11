import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run("step-1", print)  # found
    ctx.step.run("foo", print)  # found
    ctx.step.run(inngest.StepOptions(id="x1"), print)  # found
