from elsewhere import Order, order_paid
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
placed = inngest.EventType("order/placed", Order)


@client.create_function(fn_id="a-b", trigger=placed)
def one(ctx): ...
@client.create_function(fn_id="a-c", trigger=[order_paid, inngest.TriggerCron(cron="* * * * *")])
def two(ctx): ...
@client.create_function(fn_id="a-d", trigger=inngest.TriggerEvent(event="inngest/function.failed"))
def three(ctx): ...
@client.create_function(fn_id="a-e", trigger=inngest.TriggerEvent(event="a/*", expression="event.data.x > 1"))
def four(ctx): ...
