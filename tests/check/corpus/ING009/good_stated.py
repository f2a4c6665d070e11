from elsewhere import OPTIONS
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
POLICY = dict(retries=2)


def clean_up(ctx): ...
@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"), retries=0, on_failure=clean_up)
def one(ctx): ...
@client.create_function(fn_id="a-c", trigger=inngest.TriggerEvent(event="a/b"), **POLICY)
def two(ctx): ...
@client.create_function(fn_id="a-d", trigger=inngest.TriggerEvent(event="a/b"), **OPTIONS)
def three(ctx): ...
