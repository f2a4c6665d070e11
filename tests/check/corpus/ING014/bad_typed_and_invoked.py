from elsewhere import other, pydantic
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


class Uploaded(pydantic.BaseModel):
    name: str
    content: bytes  # found


uploaded = inngest.EventType("file/uploaded", Uploaded)


def upload(file):
    client.send_sync(uploaded(name="x", content=file.read()))  # found
    client.send_sync(uploaded.create({"name": "x", "content": file.read()}, id="1"))  # found


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
def fn(ctx: inngest.ContextSync):
    ctx.step.invoke("call-other", function=other, data={"doc": open("x").read()})  # found
