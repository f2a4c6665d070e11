import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def announce():
    client.send_sync(inngest.Event(name="a/c"))  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run("work-hard", print)
    client.send_sync(inngest.Event(name="a/c"))  # found
    announce()
