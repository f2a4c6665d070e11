"""An app made with the official Python SDK, run as a program: official_app.py <port> <dev server>."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta

import flask
import inngest
import inngest.flask
from werkzeug.serving import make_server

port, server = int(sys.argv[1]), sys.argv[2]
client = inngest.Inngest(
    app_id="official",
    api_base_url=server,
    event_api_base_url=server,
    is_production=False,
    logger=logging.getLogger("official"),
)


@client.create_function(fn_id="tour", trigger=inngest.TriggerEvent(event="tour/started"), retries=2)
def tour(ctx: inngest.ContextSync) -> object:
    step = ctx.step
    first = step.run("first", lambda: {"n": ctx.event.data["n"]})
    both = ctx.group.parallel(
        (
            lambda: step.run("left", lambda: "L"),
            lambda: step.run("right", lambda: "R"),
        )
    )

    def flaky() -> str:
        if ctx.attempt == 0:
            raise ValueError("not yet")
        return "at last"

    retried = step.run("flaky", flaky)
    step.sleep("nap", timedelta(milliseconds=50))
    sent = step.send_event("call", inngest.Event(name="tour/called", data={"n": 1}))
    answer = step.wait_for_event(
        "answer", event="tour/answered", if_exp="async.data.n == event.data.n", timeout=timedelta(seconds=20)
    )
    missed = step.wait_for_event("missed", event="tour/never", timeout=timedelta(seconds=1))
    invoked = step.invoke("ask", function=child, data={"n": 2})
    try:
        step.invoke("fail", function=broken, data={})
    except inngest.StepError as error:
        caught = error.message
    return {
        "first": first,
        "both": list(both),
        "retried": retried,
        "sent": len(sent),
        "answer": answer.data if answer else None,
        "missed": missed,
        "invoked": invoked,
        "caught": caught,
    }


@client.create_function(fn_id="caller", trigger=inngest.TriggerEvent(event="tour/called"))
def caller(ctx: inngest.ContextSync) -> object:
    ctx.step.sleep("let the tour wait", timedelta(milliseconds=200))
    return ctx.step.send_event("answer", inngest.Event(name="tour/answered", data={"n": 7}))


@client.create_function(fn_id="child", trigger=inngest.TriggerEvent(event="tour/child"))
def child(ctx: inngest.ContextSync) -> object:
    return {"doubled": ctx.event.data["n"] * 2}  # type: ignore[operator]


def handle_failure(ctx: inngest.ContextSync) -> object:
    return ctx.event.data["error"]["message"]  # type: ignore[index,call-overload]


@client.create_function(
    fn_id="broken", trigger=inngest.TriggerEvent(event="tour/broken"), retries=0, on_failure=handle_failure
)
def broken(ctx: inngest.ContextSync) -> object:
    raise ValueError(f"broken in {ctx.event.name}")


app = flask.Flask("official")
inngest.flask.serve(app, client, [tour, caller, child, broken])
logging.getLogger("werkzeug").setLevel(logging.ERROR)
make_server("127.0.0.1", port, app, threaded=True).serve_forever()
