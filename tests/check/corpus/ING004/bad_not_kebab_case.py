import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.run("get_user", print)  # found
    ctx.step.run("Send Mail", print)  # found
    ctx.step.sleep(f"wait_{ctx.event.data['n']}", "1d")  # found
