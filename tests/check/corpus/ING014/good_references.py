import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def upload(path, size, key):
    client.send_sync(inngest.Event(name="a/b", data={"path": path, "size": size, "html": "<b>hi</b>"}))
    client.send_sync(inngest.Event(name="a/b", data={"key": key, "tags": ["a", "b"], "read": key.read}))


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    return ctx.event.data
