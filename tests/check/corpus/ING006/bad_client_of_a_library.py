import boto3
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")
s3 = boto3.client("s3")


@client.create_function(fn_id="store", trigger=inngest.TriggerEvent(event="a/b"))  # found
def fn(ctx):
    ctx.step.run("store-file", lambda: s3.put_object(Bucket="b", Key="k"))
