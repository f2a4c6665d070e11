import psycopg
import redis
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from web import app, orders

import inngest_py as inngest
from inngest_flask import serve

client = inngest.Inngest(app_id="shop")
app.register_blueprint(serve(client))


@client.create_function(
    fn_id="file-order", trigger=inngest.EventType("order/placed", dict), retries=2, concurrency=1
)
def file_order(ctx: inngest.ContextSync) -> None:
    cache = redis.Redis()
    found = select(orders).where(orders.c.id == 1)
    with Session() as pages:
        pages.execute(found)
        pages.execute(select(orders))
        pages.add(orders)  # found
        pages.execute(insert(orders))  # found
    with psycopg.connect("dbname=shop") as link:
        link.execute("select * from orders")
        link.execute("delete from orders")  # found
    cache.get("order")
    cache.set("order", 1)  # found
    ctx.step.run("tell-customer", print)
