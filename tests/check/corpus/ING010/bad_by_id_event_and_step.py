import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="refundOrder", trigger=inngest.TriggerEvent(event="a/b"))  # found
def one(ctx): ...
@client.create_function(fn_id="note", trigger=inngest.TriggerEvent(event="invoice/created"))  # found
def two(ctx): ...
@client.create_function(fn_id="close", trigger=inngest.TriggerEvent(event="a/b"))  # found
def three(ctx):
    ctx.step.run("pay-out-all", print)
    ctx.step.run("send-payouts", print)
