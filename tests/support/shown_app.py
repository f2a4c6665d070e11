"""An app with a bit of everything that a run can be, for the pages of the dev server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from pydantic import BaseModel, Field

import inngest_py as inngest


class Parcel(BaseModel):
    """What is sent to a customer."""

    order_id: str
    weight: float = Field(gt=0, description="In kilograms.")
    fragile: bool = False


BANK = logging.getLogger("shop.bank")


class CardDeclinedError(Exception):
    """What a bank says."""


def shop(server: str) -> inngest.Inngest:
    """A shop: orders that work, fail, wait, sleep, run in parallel; a schedule; a large result."""
    client = inngest.Inngest(app_id="shop", is_production=False, base_url=server)

    @client.create_function(
        fn_id="process-order",
        name="Process order",
        trigger=inngest.TriggerEvent(event="order/placed"),
        retries=3,
        concurrency=[inngest.Concurrency(limit=10, key="event.data.customer")],
    )
    async def process_order(ctx: inngest.Context) -> dict[str, Any]:
        order = ctx.event.data
        ctx.logger.info("order %s has %d items", order["order_id"], len(order["items"]))
        stock, payment = await asyncio.gather(
            ctx.step.run("check-inventory", check_inventory, order["items"]),
            ctx.step.run("validate-payment", validate_payment, order["customer"]),
        )
        charged = await ctx.step.run("charge-payment", charge, order["order_id"], 2990)
        await ctx.step.sleep("let-it-settle", "300ms")
        receipt = await ctx.step.run("send-receipt", lambda: f"receipt for {order['order_id']}")
        return {"charge": charged, "receipt": receipt, "stock": stock, "payment": payment}

    def check_inventory(items: list[str]) -> dict[str, Any]:
        return dict.fromkeys(items, "in stock")

    def validate_payment(customer: str) -> str:
        return f"{customer} may pay"

    seen: set[str] = set()

    def charge(order_id: str, cents: int) -> dict[str, Any]:
        if order_id not in seen:
            seen.add(order_id)
            BANK.warning("no answer about order %s", order_id)
            raise ConnectionError(f"the bank did not answer about order {order_id}")
        return {"charged": cents, "currency": "EUR"}

    @client.create_function(fn_id="ship", name="Ship", trigger=inngest.EventType("order/packed", Parcel))
    def ship(ctx: inngest.ContextSync[Parcel]) -> str:
        return ctx.step.run("print-label", lambda: f"label for {ctx.event.data.order_id}")

    @client.create_function(
        fn_id="refund",
        name="Refund",
        trigger=inngest.TriggerEvent(event="order/refunded"),
        retries=0,
    )
    def refund(ctx: inngest.ContextSync) -> str:
        ctx.step.run("find-order", lambda: ctx.event.data.get("order_id"))
        return ctx.step.run("return-money", give_back, ctx.event.data.get("card", "declined"))

    def give_back(card: str) -> str:
        if card == "declined":
            raise CardDeclinedError(f"the card {card!r} was declined by the bank")
        return f"money back on {card}"

    @client.create_function(
        fn_id="wait-for-approval",
        name="Wait for approval",
        trigger=inngest.TriggerEvent(event="approval/wanted"),
        cancel=[inngest.Cancel(event="approval/withdrawn")],
    )
    async def wait_for_approval(ctx: inngest.Context) -> str:
        ctx.logger.info("asked for %s", ctx.event.data.get("id"))
        given = await ctx.step.wait_for_event(
            "wait-for-it", event="approval/given", timeout="7d", if_exp="async.data.id == event.data.id"
        )
        return "approved" if given else "nobody came"

    @client.create_function(
        fn_id="daily-digest",
        name="Daily digest",
        trigger=inngest.TriggerCron(cron="0 9 * * *", timezone="Europe/Paris"),
        throttle=inngest.Throttle(limit=5, period="1m"),
    )
    async def daily_digest(ctx: inngest.Context) -> None:
        await ctx.step.run("gather", dict)

    @client.create_function(fn_id="export", name="Export", trigger=inngest.TriggerEvent(event="export/wanted"))
    async def export(ctx: inngest.Context) -> str:
        return await ctx.step.run("write-file", lambda: "x" * ctx.event.data["size"])

    return client
