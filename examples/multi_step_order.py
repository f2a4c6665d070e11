"""An order in several steps: two in parallel, a charge that cannot happen twice, and a clean-up when it fails.

    inngest-py dev -- python examples/multi_step_order.py
    inngest-py send order/placed --data '{"order_id": "o1", "quantity": 2, "total": "9.90", "card": "visa"}'

Served by FastAPI. The card "expired" is refused, and "lost" looks like fraud.
"""

import asyncio
from decimal import Decimal

import fastapi
import uvicorn
from pydantic import BaseModel

import inngest_py as inngest
from inngest_starlette import serve

client = inngest.Inngest(app_id="orders")


class OrderPlaced(BaseModel):
    order_id: str
    quantity: int
    total: Decimal
    card: str


class OrderPaid(BaseModel):
    order_id: str
    charge_id: str


class Charge(BaseModel):
    id: str
    amount: Decimal


order_placed = inngest.EventType("order/placed", OrderPlaced)
order_paid = inngest.EventType("order/paid", OrderPaid)


async def clean_up(ctx: inngest.Context) -> None:
    """Run when an order has failed for good, whatever the reason was."""
    if ctx.failed_event is None:  # its data was not that of an order: nothing was done for it
        return
    order: OrderPlaced = ctx.failed_event.data
    await ctx.step.run("release-stock", release_stock, order.order_id)
    await ctx.step.run("tell-customer", print, f"order {order.order_id} could not be completed: {ctx.error}")


@client.create_function(
    fn_id="process-order",
    trigger=order_placed,
    retries=inngest.Retries(attempts=4, backoff=inngest.Backoff.exponential("5s", maximum="5m")),
    concurrency=20,
    idempotency="event.data.order_id",  # a second event about the same order starts nothing
    on_failure=clean_up,
)
async def process_order(ctx: inngest.Context[OrderPlaced]) -> Charge:
    order = ctx.event.data
    _, risk = await asyncio.gather(
        ctx.step.run("reserve-stock", reserve_stock, order.order_id, order.quantity),
        ctx.step.run("rate-risk", rate_risk, order),
    )
    if risk > 0.9:
        raise inngest.NonRetriableError(f"order {order.order_id} looks like fraud")
    # A step runs again if its result is lost on the way. Run id and step id stay the same, and make the charge one.
    charge = await ctx.step.run("charge-card", charge_card, order.card, order.total, key=f"{ctx.run_id}/charge-card")
    paid = order_paid.create(OrderPaid(order_id=order.order_id, charge_id=charge.id), id=f"{ctx.run_id}/announce")
    await ctx.step.send_event("announce", paid)
    return charge


# What follows stands in for the shop's own database and for its payment provider.

reserved: dict[str, int] = {}
charges: dict[str, Charge] = {}


async def reserve_stock(order_id: str, quantity: int) -> None:
    reserved[order_id] = quantity


async def release_stock(order_id: str) -> None:
    reserved.pop(order_id, None)


def rate_risk(order: OrderPlaced) -> float:
    return 0.99 if order.card == "lost" else 0.01


async def charge_card(card: str, amount: Decimal, *, key: str) -> Charge:
    """Charge once for each idempotency key, as payment providers do."""
    if card == "expired":
        raise inngest.NonRetriableError("the card has expired")
    return charges.setdefault(key, Charge(id=f"ch_{len(charges) + 1}", amount=amount))


app = fastapi.FastAPI(routes=[serve(client)])

if __name__ == "__main__":
    uvicorn.run(app, port=8000)
