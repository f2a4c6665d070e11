import datetime
import random
import requests
import uuid
from functools import partial
from shop.models import Order
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def store(token):
    Order.objects.create(token=token, at=datetime.datetime.now())
    return requests.post("https://example.com").status_code


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    def roll():
        return random.random()

    token = ctx.step.run("make-token", lambda: str(uuid.uuid4()))
    ctx.step.run("store-token", store, token)
    ctx.step.run("store-again", partial(store, token))
    ctx.step.run("roll-dice", roll)
    first, second = ctx.group.parallel((lambda: ctx.step.run("roll-one", roll), lambda: ctx.step.run("roll-two", roll)))
    fixed = random.Random(ctx.run_id).random()
    named = uuid.uuid5(uuid.NAMESPACE_URL, token)
    ctx.step.run("use-them", print, first, second, fixed, named)
