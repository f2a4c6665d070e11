import subprocess
import time
import requests
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def pause():
    time.sleep(1)  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    time.sleep(1)  # found
    pause()

    async def ask():
        return requests.get("https://example.com")  # found

    await ctx.step.run("ask-service", ask)
    subprocess.run(["ls"])  # found
