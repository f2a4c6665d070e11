import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def one(ctx): ...
@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/c"))  # found
def two(ctx): ...
