import asyncio
from inngest_py.connect import connect
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def one(ctx): ...


asyncio.run(connect([(client, [one])]).start())
