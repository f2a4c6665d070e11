import uuid
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def token():
    return uuid.uuid4().hex


def prepare(ctx, session):
    session.add(object())  # found
    session.commit()  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    prepare(ctx, ctx.event.data["session"])
    value = token()  # found
    ctx.step.run("store-token", print, value)
