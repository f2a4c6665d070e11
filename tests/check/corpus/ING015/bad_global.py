import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
count = 0


def increase():
    global count  # found
    count += 1


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run("count-up", increase)
