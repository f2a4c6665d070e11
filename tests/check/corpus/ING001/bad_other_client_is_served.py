import inngest_py
from inngest_flask import serve


shop = inngest_py.Inngest(app_id="shop")
bank = inngest_py.Inngest(app_id="bank")


@bank.create_function(fn_id="a-b", trigger=inngest_py.TriggerEvent(event="a/b"))  # found
def one(ctx): ...


@shop.create_function(fn_id="a-b", trigger=inngest_py.TriggerEvent(event="a/b"))
def two(ctx): ...


blueprint = serve(shop)
