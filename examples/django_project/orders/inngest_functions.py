"""Found by its name: this module is imported in every installed app that has it."""

import inngest_py as inngest
from inngest_django import client
from orders.events import OrderPlaced, order_placed
from orders.models import Order


@client.create_function(fn_id="pack", trigger=order_placed)
def pack(ctx: inngest.ContextSync[OrderPlaced]) -> str:
    order_id = ctx.event.data.order_id
    ctx.step.run("pack", change, order_id, "packed")
    ctx.step.sleep("wait-for-the-van", "1s")
    ctx.step.run("ship", change, order_id, "shipped")
    return Order.objects.get(pk=order_id).state


@client.create_function(fn_id="count", trigger=order_placed)
async def count(ctx: inngest.Context[OrderPlaced]) -> int:
    return await ctx.step.run("count", Order.objects.acount)


def change(order_id: int, state: str) -> int:
    return Order.objects.filter(pk=order_id).update(state=state)
