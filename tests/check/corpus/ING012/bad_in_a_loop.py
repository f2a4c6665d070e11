from django.core.mail import send_mail
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))  # found
def fn(ctx):
    for user in ctx.event.data["users"]:
        send_mail("Hello", "...", None, [user])
