import inngest_py as inngest
from elsewhere import app


@app.client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx):
    await app.client.send(inngest.Event(name="a/c"))  # found
