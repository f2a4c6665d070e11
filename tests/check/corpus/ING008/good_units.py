import time
from datetime import timedelta
from elsewhere import PAUSE
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(
    fn_id="a-b",
    trigger=inngest.TriggerEvent(event="a/b"),
    throttle=inngest.Throttle(limit=60, period="1m"),
    retries=3,
)
def fn(ctx):
    ctx.step.sleep("sleep-long", "1d12h")
    ctx.step.sleep("sleep-longer", timedelta(hours=2) * 2)
    ctx.step.sleep("sleep-so-long", PAUSE)
    ctx.step.run("rest", lambda: time.sleep(1))
