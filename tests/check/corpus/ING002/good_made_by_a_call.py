from inngest_flask import serve
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def make(app):
    @app.create_function(fn_id="a-b", trigger=inngest.TriggerEvent(event="a/b"))
    def one(ctx): ...

    return [one]


blueprint = serve(client, make(client))
