import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def ask(step, question):
    return step.wait_for_event(f"wait-{question}", event="a/c")  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ask(ctx.step, "name")
