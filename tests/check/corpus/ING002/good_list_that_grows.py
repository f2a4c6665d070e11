from inngest_flask import serve
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")

ALL = []


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def one(ctx): ...


ALL.append(one)
blueprint = serve(client, ALL)
