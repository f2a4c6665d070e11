import inngest_py.flask
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))  # found
def one(ctx): ...


inngest_py.flask.serve(object(), client, [])
