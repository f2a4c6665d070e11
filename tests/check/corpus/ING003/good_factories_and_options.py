from elsewhere import OPTIONS
import inngest_py as inngest

client = inngest.Inngest(app_id="shop")


def plain(app):
    @app.create_function(fn_id="a_b", trigger=inngest.TriggerEvent(event="a/b"))
    def one(ctx): ...

    return one


def native(app, name):
    @app.create_function(fn_id="a_b", trigger=inngest.TriggerEvent(event="a/b"))
    async def one(ctx): ...
    @app.create_function(fn_id=f"a-{name}", trigger=inngest.TriggerEvent(event="a/b"))
    async def two(ctx): ...
    @app.create_function(**OPTIONS)
    async def three(ctx): ...

    return [one, two, three]
