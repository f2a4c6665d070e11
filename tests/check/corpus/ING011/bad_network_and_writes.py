import httpx
import requests
from shop.models import Order
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
async def fn(ctx: inngest.Context):
    requests.post("https://example.com")  # found
    async with httpx.AsyncClient() as http:
        await http.get("https://example.com")  # found
    await Order.objects.acreate(total=1)  # found
    order = await ctx.step.run("load-order", print)
    order.save()  # found
    with open("log.txt", "a") as log:  # found
        log.write("done")
