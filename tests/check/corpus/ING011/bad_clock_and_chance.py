import datetime as dt
import random
import secrets
import time
from datetime import datetime
from uuid import uuid4
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    now = datetime.now(dt.UTC)  # found
    if now.hour > 12:
        ctx.step.run("greet", print)
    ctx.step.run("draw", print, random.randint(1, 6))  # found
    ctx.step.run("sign", print, secrets.token_hex(), uuid4())  # found # found
    while time.monotonic() < 5:  # found
        ctx.step.run("poll", print)
