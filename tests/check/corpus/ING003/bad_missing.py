import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(trigger=inngest.TriggerEvent(event="a/b"))  # found
def one(ctx): ...
