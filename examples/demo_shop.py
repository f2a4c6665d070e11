"""The functions of the demo: an order goes through every kind of step."""

import asyncio
from typing import Any

import inngest_py as inngest

client = inngest.Inngest(app_id="demo")


@client.create_function(
    fn_id="process-order", trigger=inngest.TriggerEvent(event="order/placed"), idempotency="event.data.order_id"
)
async def process_order(ctx: inngest.Context) -> dict[str, Any]:
    order = await ctx.step.run("load-order", load_order, ctx.event.data["order_id"])
    stock, payment = await asyncio.gather(
        ctx.step.run("check-inventory", check_inventory, order["items"]),
        ctx.step.run("validate-payment", validate_payment, order["total"]),
    )
    charge = await ctx.step.run("charge-card", charge_card, order["total"], ctx.attempt)
    await ctx.step.sleep("let-it-settle", "1s")
    approval = await ctx.step.wait_for_event(
        "wait-for-approval", event="order/approved", if_exp="event.data.order_id == async.data.order_id", timeout="1m"
    )
    parcel = await ctx.step.invoke("ship", function=ship_order, data={"items": order["items"]})
    return {
        "order_id": order["id"],
        "in_stock": stock,
        "payment": payment,
        "charge": charge,
        "approved_by": approval.data["by"] if approval else None,
        "tracking": parcel["tracking"],
    }


@client.create_function(fn_id="ship-order", trigger=inngest.TriggerEvent(event="order/ship"))
def ship_order(ctx: inngest.ContextSync) -> dict[str, Any]:
    label = ctx.step.run("print-label", lambda: "PARCEL-" + "-".join(ctx.event.data["items"]))
    return {"tracking": label}


async def load_order(order_id: str) -> dict[str, Any]:
    await asyncio.sleep(0.05)
    return {"id": order_id, "items": ["book", "pen"], "total": "29.90"}


async def check_inventory(items: list[str]) -> bool:
    await asyncio.sleep(0.3)
    return len(items) < 10


async def validate_payment(total: str) -> str:
    await asyncio.sleep(0.3)
    return f"{total} authorized"


def charge_card(total: str, attempt: int) -> str:
    if attempt == 0:
        raise inngest.RetryAfterError("the bank is busy", "1s")
    return f"charged {total} at attempt {attempt + 1}"
