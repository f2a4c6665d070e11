import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
DAY = 24 * 3600


@client.create_function(
    fn_id="a-b",
    trigger=inngest.TriggerEvent(event="a/b"),
    throttle=inngest.Throttle(limit=1, period=60),  # found
    batch_events=inngest.Batch(max_size=5, timeout=10.5),  # found
    timeouts=inngest.Timeouts(finish=DAY),  # found
)
def fn(ctx):
    ctx.step.sleep("sleep-long", 86400)  # found
    ctx.step.wait_for_event("wait-for-it", event="a/c", timeout=DAY)  # found
    raise inngest.RetryAfterError("later", 30)  # found
