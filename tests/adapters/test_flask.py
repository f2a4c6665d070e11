"""What Flask's people expect: the app context everywhere, before and after hooks, prefixes and sub-mounts."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app, g, request
from flask_sqlalchemy import SQLAlchemy
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import inngest_py as inngest
from inngest_flask import InngestFlask, serve
from inngest_py.testing.conformance.asking import ORIGIN, call, get, post, put, read, unwrapped
from inngest_py.testing.conformance.hosting import WsgiHost

THING = inngest.TriggerEvent(event="thing/happened")


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")

    @app.before_request
    def log_in() -> None:
        g.user = "ada"

    return app


def who_and_where() -> str:
    return f"{g.user} in {current_app.name}"


async def who_and_where_async() -> str:
    await asyncio.sleep(0)
    return who_and_where()


def test_the_app_context_is_there_in_a_plain_function(app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> str:
        return who_and_where()

    app.register_blueprint(serve(client))

    assert read(WsgiHost(app).send(call("app-plain"))) == "ada in shop"


def test_the_app_context_is_there_in_an_async_function(app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> str:
        return await who_and_where_async()

    app.register_blueprint(serve(client))

    assert read(WsgiHost(app).send(call("app-async"))) == "ada in shop"


@pytest.mark.parametrize("step", [who_and_where, who_and_where_async])
def test_the_app_context_is_there_in_steps(step: Any, app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> None:
        ctx.step.run("who", step)

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> None:
        await ctx.step.run("who", step)

    app.register_blueprint(serve(client))
    host = WsgiHost(app)

    for fn_id in ("app-plain", "app-async"):
        assert read(host.send(call(fn_id)))[0]["data"] == "ada in shop"


def test_what_a_function_puts_into_g_is_there_for_the_teardown(app: Flask, client: inngest.Inngest) -> None:
    torn_down: list[object] = []

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        torn_down.append((g.get("session"), error))

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> None:
        g.session = "plain"
        raise ValueError

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> None:
        g.session = "async"

    app.register_blueprint(serve(client))
    host = WsgiHost(app)
    host.send(call("app-plain"))
    host.send(call("app-async"))

    assert torn_down == [("plain", None), ("async", None)]


def test_the_request_is_there_in_functions(app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> str:
        return request.path

    app.register_blueprint(serve(client))

    assert read(WsgiHost(app).send(call("app-async"))) == "/api/inngest"


def test_an_app_made_by_a_factory_has_its_own_context(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> str:
        return current_app.name

    def create_app(name: str) -> Flask:
        app = Flask(name)
        app.register_blueprint(serve(client))
        return app

    hosts = [WsgiHost(create_app(name)) for name in ("one", "two")]

    assert [read(host.send(call("app-plain"))) for host in hosts] == ["one", "two"]


def test_a_blueprint_may_have_a_prefix(app: Flask, client: inngest.Inngest) -> None:
    app.register_blueprint(serve(client), url_prefix="/v1")

    assert WsgiHost(app).send(get(f"{ORIGIN}/v1/api/inngest")).status == 200


def test_a_parameter_of_the_prefix_is_there_in_functions(app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(_ctx: inngest.Context) -> Any:
        return request.view_args

    app.register_blueprint(serve(client), url_prefix="/<tenant>")

    assert read(WsgiHost(app).send(call("app-async", path="/acme/api/inngest"))) == {"tenant": "acme"}


def test_the_url_of_a_sub_mounted_app_has_the_mount_in_it(app: Flask, client: inngest.Inngest) -> None:
    app.register_blueprint(serve(client))
    host = WsgiHost(DispatcherMiddleware(Flask("root"), {"/shop": app}))

    response = host.send(put(f"{ORIGIN}/shop/api/inngest", x_inngest_sync_kind="in_band"))

    assert read(response)["url"] == f"{ORIGIN}/shop/api/inngest"
    assert host.send(get()).status == 404


def test_an_async_function_does_not_need_the_extra_of_flask() -> None:
    program = """
import sys
sys.modules["asgiref"] = None
import flask, inngest_py, inngest_flask
client = inngest_py.Inngest(app_id="app", is_production=False)
@client.create_function(fn_id="async", trigger=[])
async def asynchronous(ctx): return flask.current_app.name
app = flask.Flask("shop")
app.register_blueprint(inngest_flask.serve(client))
event = {"name": "a", "data": {}}
body = {"ctx": {"run_id": "r", "attempt": 0}, "event": event, "events": [event], "steps": {}, "use_api": False}
print(app.test_client().post("/api/inngest?fnId=app-async&stepId=step", json=body).text)
"""

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout == '"shop"\n'


@pytest.mark.parametrize("step", [who_and_where, who_and_where_async])
def test_the_app_context_lasts_as_long_as_a_streamed_call(step: Any, app: Flask, client: inngest.Inngest) -> None:
    told: list[str] = []

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> Any:
        return ctx.step.run("step", step)

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> Any:
        told.append(f"{await who_and_where_async()} at {request.path}")
        return await ctx.step.run("step", step)

    app.register_blueprint(serve(client, streaming=True))
    app.teardown_appcontext(lambda _error: told.append("the end"))

    for fn_id in ("app-plain", "app-async"):
        assert read(unwrapped(WsgiHost(app).send(call(fn_id))))[0]["data"] == "ada in shop"
    assert told[-2:] == ["ada in shop at /api/inngest", "the end"]


def test_a_body_that_a_hook_has_read_is_still_there(app: Flask, client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> Any:
        return ctx.event.data

    app.before_request(lambda: g.setdefault("seen", request.get_data()) and None)
    app.register_blueprint(serve(client))

    assert read(WsgiHost(app).send(call("app-plain", data={"a": 1}))) == {"a": 1}


def test_a_body_that_flask_finds_too_large_is_refused_by_flask(app: Flask, client: inngest.Inngest) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.register_blueprint(serve(client))

    assert WsgiHost(app).send(post("fnId=app-echo", json.dumps({"a": "b" * 10}).encode())).status == 413


def test_an_origin_that_is_none_is_refused_when_it_is_written(client: inngest.Inngest) -> None:
    with pytest.raises(inngest.ConfigError, match="serve_origin"):
        serve(client, serve_origin="example.com")


def test_production_without_a_key_is_refused_when_it_is_served() -> None:
    with pytest.raises(inngest.ConfigError, match="INNGEST_SIGNING_KEY"):
        serve(inngest.Inngest(app_id="app", is_production=True))


def test_registering_in_dev_needs_no_origin(app: Flask, client: inngest.Inngest) -> None:
    app.register_blueprint(serve(client))

    response = WsgiHost(app).send(put(x_inngest_sync_kind="in_band"))

    assert read(response)["url"] == f"{ORIGIN}/api/inngest"


# The extension -------------------------------------------------------------------------------------------------------


def test_an_extension_serves_in_every_app_of_a_factory(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="plain", trigger=THING)
    def plain(_ctx: inngest.ContextSync) -> str:
        return current_app.name

    extension = InngestFlask(client)

    def create_app(name: str, **config: Any) -> Flask:
        app = Flask(name)
        app.config.update(config)
        extension.init_app(app)
        return app

    one, two = create_app("one"), create_app("two", INNGEST_STREAMING=True, INNGEST_SERVE_ORIGIN="https://two.example")
    registered = WsgiHost(two).send(put(x_inngest_sync_kind="in_band"))

    assert read(WsgiHost(one).send(call("app-plain"))) == "one"
    assert read(unwrapped(WsgiHost(two).send(call("app-plain")))) == "two"
    assert read(registered)["url"] == "https://two.example/api/inngest"
    assert two.extensions["inngest"] == {"app": client}


def test_what_an_extension_was_given_goes_before_the_configuration(app: Flask, client: inngest.Inngest) -> None:
    app.config["INNGEST_SERVE_PATH"] = "/configured"

    InngestFlask(client, app=app, serve_path="/given")

    assert read(WsgiHost(app).send(put(x_inngest_sync_kind="in_band")))["url"] == f"{ORIGIN}/given"


def test_several_extensions_live_in_one_app(app: Flask, client: inngest.Inngest) -> None:
    other = inngest.Inngest(app_id="other", is_production=False)

    InngestFlask(client, app=app)
    InngestFlask(other, app=app, path="/other")

    host = WsgiHost(app)
    syncs = [host.send(put(f"{ORIGIN}{path}", x_inngest_sync_kind="in_band")) for path in ("/api/inngest", "/other")]
    assert [read(sync)["app_id"] for sync in syncs] == ["app", "other"]
    assert app.extensions["inngest"] == {"app": client, "other": other}


def test_an_app_and_a_path_may_have_dots(app: Flask) -> None:
    client = inngest.Inngest(app_id="shop.eu", is_production=False)

    InngestFlask(client, app=app, path="/v1.0/inngest")

    sync = WsgiHost(app).send(put(f"{ORIGIN}/v1.0/inngest", x_inngest_sync_kind="in_band"))
    assert read(sync)["app_id"] == "shop.eu"


@pytest.mark.parametrize("streaming", [False, True])
def test_the_session_of_flask_sqlalchemy_is_one_in_a_call_and_is_closed_after_it(
    streaming: bool, app: Flask, client: inngest.Inngest, tmp_path: Path
) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/db"
    db = SQLAlchemy(app)

    class Order(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)

    def add() -> int:
        db.session.add(Order())
        db.session.flush()
        return db.session.query(Order).count()

    async def add_async() -> int:
        await asyncio.sleep(0)
        return add()

    @client.create_function(fn_id="plain", trigger=THING)
    def plain(ctx: inngest.ContextSync) -> Any:
        add()
        return ctx.step.run("add", add if ctx.attempt else add_async)

    @client.create_function(fn_id="async", trigger=THING)
    async def asynchronous(ctx: inngest.Context) -> Any:
        add()
        return await ctx.step.run("add", add if ctx.attempt else add_async)

    app.register_blueprint(serve(client, streaming=streaming))
    with app.app_context():
        db.create_all()
    host = WsgiHost(app)

    for fn_id in ("app-plain", "app-async"):
        for attempt in (0, 1):
            response = host.send(call(fn_id, attempt=attempt))
            assert read(unwrapped(response) if streaming else response)[0]["data"] == 2
    with app.app_context():
        assert db.session.query(Order).count() == 0
        in_use: Any = db.engine.pool
        assert in_use.checkedout() == 1
        db.session.remove()
        assert in_use.checkedout() == 0
        db.engine.dispose()
