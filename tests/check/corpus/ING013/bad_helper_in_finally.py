import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def clean_up(step):
    step.run("clean-up", print)  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    try:
        ctx.step.run("work-hard", print)
    finally:
        clean_up(ctx.step)
