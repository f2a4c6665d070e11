import os
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
if os.getenv("PLAIN"):

    @client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
    def one(ctx): ...
else:

    @client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
    async def one(ctx): ...
