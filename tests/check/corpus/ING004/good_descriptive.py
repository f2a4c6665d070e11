import uuid
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run("charge-card", print)
    ctx.step.run(inngest.StepOptions(id="send-receipt", name="Send the receipt"), print)
    token = ctx.step.run("make-token", lambda: uuid.uuid4().hex)
    for number, user in enumerate(ctx.event.data["users"], start=1):
        ctx.step.run(f"mail-user-{number}", print, user)
    ctx.step.run(f"tell-{token}", print)
    ctx.step.run("book", print)
