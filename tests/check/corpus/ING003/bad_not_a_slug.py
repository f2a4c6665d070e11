import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a/b c", trigger=inngest.TriggerEvent(event="a/b"))  # found
def one(ctx): ...
@client.create_function(fn_id="", trigger=inngest.TriggerEvent(event="a/b"))  # found
def two(ctx): ...
@client.create_function(fn_id=7, trigger=inngest.TriggerEvent(event="a/b"))  # found
def three(ctx): ...
