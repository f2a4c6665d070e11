import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
cache = {}


def remember(key):
    cache[key] = True
    mine = []
    mine.append(key)
    return mine


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    results = []

    def collect():
        found = {}
        found["Ada"] = 1
        found.update(Grace=2)
        return found

    results.append(ctx.step.run("collect-names", collect))
    ctx.step.run("remember-key", remember, "k")
