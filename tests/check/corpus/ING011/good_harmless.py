import datetime
import logging
import time
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
logger = logging.getLogger(__name__)


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    began = time.monotonic()
    ctx.step.sleep_until("wait-three-seconds", datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3))
    later = datetime.datetime.now(datetime.UTC)
    tomorrow = later + datetime.timedelta(days=1)
    ctx.step.sleep_until("wait-a-day", tomorrow)
    ctx.logger.info("it is %s", datetime.datetime.now())
    logger.info("took %s", time.monotonic() - began)
    print(time.time())
    if ctx.event.data.get("late"):
        raise inngest.RetryAfterError("later", datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1))
