import requests
from elsewhere import work
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def one(ctx):
    requests.post("https://example.com/one")


@client.create_function(fn_id="a-c", trigger=inngest.TriggerEvent(event="a/b"))
def two(ctx):
    requests.post("https://example.com/one")
    requests.post("https://example.com/two")
    work(ctx)
