import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


class time:
    @staticmethod
    def time():
        return 1


def helper(random):
    return random.random()


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    uuid = ctx.event.data
    ctx.step.run("use-them", print, time.time(), helper(ctx.event.data), uuid.uuid4())
    ctx.event.data["items"].update({"a": 1})
    session = {}
    session.get("x")
