import time, uuid
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run(f"charge-{uuid.uuid4()}", print)  # found
    now = time.time()
    ctx.step.run(f"charge-{now}", print)  # found
    ctx.step.run(f"charge-{ctx.attempt}", print)  # found
    ctx.step.run("charge-" + str(hash(ctx.event.name)), print)  # found
