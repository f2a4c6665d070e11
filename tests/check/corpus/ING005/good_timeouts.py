from datetime import timedelta
from elsewhere import PATIENCE, OPTIONS
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.wait_for_event("wait-for-answer", event="a/c", timeout="365d")
    ctx.step.wait_for_event("wait-for-more", event="a/c", timeout=timedelta(days=30))
    ctx.step.wait_for_event("wait-patiently", event="a/c", timeout=PATIENCE)
    ctx.step.wait_for_event("wait-by-options", event="a/c", **OPTIONS)
