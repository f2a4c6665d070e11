import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.wait_for_event("wait-for-answer", event="a/c")  # found
    ctx.step.wait_for_signal("wait-for-signal", signal="go", timeout=None)  # found
