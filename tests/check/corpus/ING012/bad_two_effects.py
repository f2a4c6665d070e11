import requests
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))  # found
def fn(ctx):
    requests.post("https://example.com/one")
    requests.post("https://example.com/two")
