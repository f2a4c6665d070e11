import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    names, total, seen = [], 0, {}
    found = []

    def collect():
        nonlocal total  # found
        total += 1
        found.append("Ada")  # found
        seen["Ada"] = True  # found

    ctx.step.run("collect-names", collect)
    ctx.step.run("add-name", lambda: names.append("Grace"))  # found
