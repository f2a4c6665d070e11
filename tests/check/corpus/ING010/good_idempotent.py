import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="charge", trigger=inngest.TriggerEvent(event="a/b"), idempotency="event.data.id")
def one(ctx): ...
@client.create_function(fn_id="send-invoices", trigger=inngest.TriggerCron(cron="0 9 1 * *"))
def two(ctx): ...
@client.create_function(fn_id="recharge-battery", trigger=inngest.TriggerEvent(event="car/discharged"))
def three(ctx):
    ctx.step.run("supercharge", print)
