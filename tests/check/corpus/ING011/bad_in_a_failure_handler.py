import smtplib
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def tell(ctx):
    smtplib.SMTP("localhost").sendmail("a", "b", "c")  # found
    ctx.step.run("tell-support", print)


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"), on_failure=tell)
def fn(ctx): ...
