"""What type checkers infer for people's code. Nothing here runs: mypy and pyright read it (`make lint`).

An ignore is as much of a claim as an `assert_type`: a checker that finds nothing to ignore there says so.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true, reportUnusedFunction=false

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, assert_type

import pydantic

import inngest_py as inngest
from inngest_py.client import Decorator

client = inngest.Inngest(app_id="shop")


class OrderPlaced(pydantic.BaseModel):
    order_id: str
    total: Decimal


class Charge(pydantic.BaseModel):
    id: str


class Receipt(pydantic.BaseModel):
    charge_id: str


async def check_inventory(order_id: str) -> bool:
    return bool(order_id)


def charge_card(order: OrderPlaced, *, currency: str = "EUR") -> Charge:
    return Charge(id=order.order_id + currency)


order_placed = inngest.EventType("order/placed", OrderPlaced)
assert_type(order_placed, inngest.EventType[OrderPlaced])
assert_type(order_placed(order_id="1", total="9.99"), inngest.Event[OrderPlaced])
assert_type(order_placed(OrderPlaced(order_id="1", total=Decimal(9))).data, OrderPlaced)
assert_type(inngest.Event(name="a/b", data={"a": 1}).data, dict[str, int])

assert_type(client.create_function(fn_id="a", trigger=order_placed), Decorator[OrderPlaced])
assert_type(client.create_function(fn_id="a", trigger=[order_placed]), Decorator[Any])


@client.create_function(
    fn_id="process-order",
    trigger=order_placed,
    retries=inngest.Retries(attempts=4, backoff=inngest.Backoff.exponential("5s", factor=2, maximum="5m")),
    concurrency=10,
    idempotency="event.data.order_id",
)
async def process_order(ctx: inngest.Context[OrderPlaced]) -> Receipt:
    order = ctx.event.data
    assert_type(order, OrderPlaced)
    assert_type(ctx.events[0].data, OrderPlaced)

    available, charged = await asyncio.gather(
        ctx.step.run("check-inventory", check_inventory, order.order_id),
        ctx.step.run("charge", charge_card, order, currency="USD"),
    )
    assert_type(available, bool)
    assert_type(charged, Charge)

    assert_type(await ctx.step.run("untyped", json_of, output_type=Charge), Charge)
    assert_type(await ctx.step.run("lambda", lambda: 5), int)
    assert_type(await ctx.step.send_event("notify", order_placed(order)), list[str])
    assert_type(await ctx.step.invoke("digest", function=daily_digest, data={"day": 1}), dict[str, int])
    assert_type(await ctx.step.invoke_by_id("other", function_id="x", app_id="other"), Any)
    assert_type(
        await ctx.step.wait_for_event("wait", event=order_placed, timeout="1h"), inngest.Event[OrderPlaced] | None
    )
    assert_type(await ctx.step.wait_for_event("wait", event="a/b", timeout=timedelta(hours=1)), inngest.Event | None)
    await ctx.step.sleep("nap", "24h")

    first, second = await ctx.group.parallel(
        (lambda: ctx.step.run("a", check_inventory, "1"), lambda: ctx.step.run("b", charge_card, order))
    )
    assert_type(first, bool)
    assert_type(second, Charge)
    branches = [lambda: ctx.step.run("c", check_inventory, "1")]
    assert_type(await ctx.group.parallel(branches), tuple[bool, ...])

    await ctx.step.run("wrong argument", check_inventory, 5)  # type: ignore[call-overload]
    await ctx.step.run("missing argument", check_inventory)  # type: ignore[call-overload]
    await ctx.step.sleep("no unit", 5)  # type: ignore[arg-type]
    return Receipt(charge_id=charged.id)


assert_type(process_order, inngest.Function[Receipt])


@client.create_function(fn_id="daily-digest", trigger=inngest.TriggerCron(cron="0 9 * * *"))
def daily_digest(ctx: inngest.ContextSync) -> dict[str, int]:
    assert_type(ctx.event.data, dict[str, Any])
    users = ctx.step.run("users", charge_all, 5)
    assert_type(users, list[Charge])
    assert_type(ctx.step.run("async", check_inventory, "1"), bool)
    assert_type(ctx.step.run("untyped", json_of, output_type=Charge), Charge)
    assert_type(ctx.step.invoke("process", function=process_order), Receipt)
    assert_type(ctx.step.wait_for_event("wait", event=order_placed, timeout="1h"), inngest.Event[OrderPlaced] | None)
    both = ctx.group.parallel((lambda: ctx.step.run("a", charge_all, 1), lambda: ctx.step.sleep("b", "1h")))
    assert_type(both, tuple[list[Charge], None])
    ctx.step.run("wrong argument", charge_all, "many")  # type: ignore[call-overload]
    return {"users": len(users)}


assert_type(daily_digest, inngest.Function[dict[str, int]])


@client.create_function(fn_id="any-order", trigger=[order_placed, inngest.TriggerEvent(event="order/changed")])
async def any_order(ctx: inngest.Context) -> None:
    assert_type(ctx.event.data, dict[str, Any])


assert_type(any_order, inngest.Function[None])


@client.create_function(fn_id="wrong", trigger=order_placed)  # type: ignore[arg-type]
async def wrong_model(ctx: inngest.Context[Charge]) -> None: ...


def charge_all(count: int) -> list[Charge]:
    return [Charge(id="x")] * count


def json_of() -> Any:
    return {"id": "x"}


async def sends() -> None:
    assert_type(await client.send(order_placed(order_id="1", total=1)), list[str])
    assert_type(client.send_sync([inngest.Event(name="a/b")]), list[str])
    await client.send({"name": "a/b"})  # type: ignore[dict-item]


inngest.Throttle(limit=1, period=5)  # type: ignore[arg-type]
inngest.Throttle(limit=1)  # type: ignore[call-arg]
inngest.Concurrency(limit=1, scope="team")  # type: ignore[arg-type]
client.create_function(fn_id="a", trigger=order_placed, retry=5)  # type: ignore[call-overload]
