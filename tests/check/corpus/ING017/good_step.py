from elsewhere import mailer
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.send_event("announce-it", inngest.Event(name="a/c"))
    mailer.send("hello")


def view():
    client.send_sync(inngest.Event(name="a/b"))
