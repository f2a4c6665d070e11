import requests
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def ask(url):
    return requests.get(url).text


@client.create_function(fn_id="ask-many", trigger=inngest.TriggerEvent(event="a/b"))  # found
def fn(ctx):
    return ctx.step.run("ask-service", ask, "https://example.com")
