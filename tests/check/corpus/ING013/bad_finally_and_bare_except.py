import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    try:
        ctx.step.run("work-hard", print)
    finally:
        ctx.step.run("clean-up", print)  # found
    try:
        print()
    except:
        ctx.step.run("clean-more", print)  # found
        raise
