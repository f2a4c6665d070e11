"""Steps that the server does: signals, requests, models; and how the arguments of a step are shown."""

from __future__ import annotations

import hashlib
import json
import logging

import httpx
import pytest
from pydantic import BaseModel

from inngest_py import ConfigError, Context, ContextSync, Event, Handler, StepError, TriggerEvent, ai
from played import Played, call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def both(client, plain, coroutine):
    client.create_function(fn_id="plain", trigger=TRIGGER)(plain)
    client.create_function(fn_id="coroutine", trigger=TRIGGER)(coroutine)


def run(client, colour, answers):
    return Played(Handler(client, framework="test"), f"app-{colour}", answers=answers).play()


COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])


@COLOURS
def test_a_signal_is_waited_for(colour):
    client = make_client()

    def plain(ctx: ContextSync):
        came = ctx.step.wait_for_signal("approval", signal="order-1", timeout="1d")
        missed = ctx.step.wait_for_signal("other", signal="order-2", timeout="1m", on_conflict="replace")
        assert came is not None
        return [came.signal, came.data, missed]

    async def coroutine(ctx: Context):
        came = await ctx.step.wait_for_signal("approval", signal="order-1", timeout="1d")
        missed = await ctx.step.wait_for_signal("other", signal="order-2", timeout="1m", on_conflict="replace")
        assert came is not None
        return [came.signal, came.data, missed]

    both(client, plain, coroutine)
    answers = {"approval": {"data": {"signal": "order-1", "data": {"ok": True}}}, "other": None}

    played = run(client, colour, answers)

    assert played.output == ["order-1", {"ok": True}, None]
    assert [op["opts"] for op in played.ops] == [
        {"signal": "order-1", "timeout": "24h", "conflict": "fail"},
        {"signal": "order-2", "timeout": "1m", "conflict": "replace"},
    ]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [(200, {"data": {"run_id": "R9"}}, "R9"), (404, {"error": "No signal found"}, None)],
)
def test_a_signal_is_sent_and_the_run_that_waited_is_named(status, body, expected):
    sent = []

    def answer(request):
        sent.append((request.url.path, json.loads(request.content)))
        return httpx.Response(status, json=body)

    client = make_client(http_client=httpx.Client(transport=httpx.MockTransport(answer)))

    @client.create_function(fn_id="fn", trigger=TRIGGER, checkpointing=False)
    def fn(ctx: ContextSync):
        return ctx.step.send_signal("approve", signal="order-1", data={"ok": True})

    assert play(client, "fn").output == expected
    assert sent == [("/v1/signals", {"signal": "order-1", "data": {"ok": True}})]


@COLOURS
def test_a_request_is_made_by_the_server(colour):
    client = make_client()

    def plain(ctx: ContextSync):
        got = ctx.step.fetch("get", "https://example.com/a", method="post", headers={"X-A": "1"}, body={"k": 1})
        return [got.status, got.ok, got.headers, got.json()]

    async def coroutine(ctx: Context):
        got = await ctx.step.fetch("get", "https://example.com/a", method="post", headers={"X-A": "1"}, body={"k": 1})
        return [got.status, got.ok, got.headers, got.json()]

    both(client, plain, coroutine)
    data = {"url": "https://example.com/a", "status_code": 404, "headers": {"X-B": "2"}, "body": '{"error":"no"}'}

    played = run(client, colour, {"get": {"data": data}})

    assert played.output == [404, False, {"X-B": "2"}, {"error": "no"}]
    assert (played.ops[0]["op"], played.ops[0]["opts"]) == (
        "Gateway",
        {"url": "https://example.com/a", "method": "POST", "headers": {"X-A": "1"}, "body": '{"k":1}'},
    )


@COLOURS
def test_a_model_is_asked_by_the_server(colour):
    client = make_client()
    model = ai.openai(model="gpt", auth_key="secret", temperature=0)

    def plain(ctx: ContextSync):
        return ctx.step.ai.infer("ask", adapter=model, body={"messages": []})

    async def coroutine(ctx: Context):
        return await ctx.step.ai.infer("ask", adapter=model, body={"messages": []})

    both(client, plain, coroutine)

    played = run(client, colour, {"ask": {"data": {"choices": []}}})

    assert played.output == {"choices": []}
    assert (played.ops[0]["op"], played.ops[0]["opts"]) == (
        "AIGateway",
        {
            "type": "step.ai.infer",
            "url": "https://api.openai.com/v1/chat/completions",
            "headers": {"content-type": "application/json"},
            "auth_key": "secret",
            "format": "openai-chat",
            "body": {"messages": [], "model": "gpt", "temperature": 0},
        },
    )


@COLOURS
def test_a_function_that_asks_a_model_is_shown_for_what_it_is(colour):
    client = make_client()

    def ask(prompt: str) -> str:
        return prompt.upper()

    def plain(ctx: ContextSync):
        return ctx.step.ai.wrap("ask", ask, "hello")

    async def coroutine(ctx: Context):
        return await ctx.step.ai.wrap("ask", ask, "hello")

    both(client, plain, coroutine)

    played = play(client, colour)

    assert (played.output, played.ops[0]["opts"]) == ("HELLO", {"type": "step.ai.wrap", "input": ["hello"]})


@pytest.mark.parametrize(
    ("make", "variable", "url", "kind"),
    [
        (ai.openai, "OPENAI_API_KEY", "https://api.openai.com/v1/chat/completions", "openai-chat"),
        (ai.deepseek, "DEEPSEEK_API_KEY", "https://api.deepseek.com/v1/chat/completions", "openai-chat"),
        (ai.grok, "XAI_API_KEY", "https://api.x.ai/v1/chat/completions", "openai-chat"),
        (ai.anthropic, "ANTHROPIC_API_KEY", "https://api.anthropic.com/v1/messages", "anthropic"),
        (
            ai.gemini,
            "GEMINI_API_KEY",
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
            "gemini",
        ),
    ],
)
def test_a_models_key_comes_from_the_usual_variable_and_never_shows(monkeypatch, make, variable, url, kind):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=variable):
        make(model="m")

    monkeypatch.setenv(variable, "very-secret")
    model = make(model="m")

    assert (model.auth_key(), model.url_infer(), model.format()) == ("very-secret", url, kind)
    assert "very-secret" not in repr(model)


def test_a_deployment_on_azure_is_reached_at_its_own_address():
    model = ai.azure_openai(model="mine", base_url="https://shop.openai.azure.com/openai/v1/", auth_key="k")

    assert model.url_infer() == "https://shop.openai.azure.com/openai/v1/chat/completions"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda step: step.fetch("get", "ftp://example.com"), "not an http or https URL"),
        (lambda step: step.wait_for_signal("w", signal="", timeout="1m"), "must be the name of a signal"),
        (lambda step: step.wait_for_signal("w", signal="s", timeout="1m", on_conflict="x"), 'must be "fail"'),
        (lambda step: step.wait_for_signal("w", signal="s", timeout=5), 'write "5s"'),
    ],
)
def test_what_the_server_could_not_do_is_refused_here(call, message):
    client = make_client()

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        call(ctx.step)

    response = Handler(client, framework="test").handle(call_request("app-fn"))

    assert response.headers["x-inngest-no-retry"] == "true"
    assert message in json.loads(response.body)["message"]


def test_arguments_are_shown_if_they_can_be_given_back():
    client = make_client()

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        ctx.group.parallel(
            (
                lambda: ctx.step.run("shown", max, 1, 2),
                lambda: ctx.step.run("opaque", lambda _thing: 1, object()),
                lambda: ctx.step.run("named", lambda a: a, a=1),
                lambda: ctx.step.run("large", len, "x" * 300_000),
            )
        )

    ops = json.loads(Handler(client, framework="test").handle(call_request("app-fn")).body)

    assert [op["opts"] for op in ops] == [{"input": [1, 2]}, None, None, None]


class Order(BaseModel):
    id: str


def test_edited_arguments_come_in_the_types_that_the_handler_wants():
    client = make_client()

    def handle(order: Order, count: int) -> str:
        return f"{type(order).__name__} {order.id} {count}"

    @client.create_function(fn_id="fn", trigger=TRIGGER)
    def fn(ctx: ContextSync):
        return ctx.step.run("handle", handle, Order(id="1"), 1)

    first = json.loads(Handler(client, framework="test").handle(call_request("app-fn")).body)[0]
    request = call_request("app-fn", steps={first["id"]: {"input": [{"id": "edited"}, 7]}})

    ops = json.loads(Handler(client, framework="test").handle(request).body)

    assert ops[0]["data"] == "Order edited 7"


@COLOURS
def test_errors_may_stand_among_the_results_of_a_group(colour):
    client = make_client()

    def plain(ctx: ContextSync):
        results = ctx.group.parallel(
            (lambda: ctx.step.run("ok", lambda: 1), lambda: ctx.step.run("bad", lambda: 1 / 0)), return_exceptions=True
        )
        return [isinstance(result, StepError) for result in results]

    async def coroutine(ctx: Context):
        results = await ctx.group.parallel(
            (lambda: ctx.step.run("ok", lambda: 1), lambda: ctx.step.run("bad", lambda: 1 / 0)), return_exceptions=True
        )
        return [isinstance(result, StepError) for result in results]

    both(client, plain, coroutine)

    assert play(client, colour).output == [False, True]


@COLOURS
def test_events_that_a_step_sends_have_the_same_ids_whenever_it_sends_them(colour):
    sent = []

    def answer(request):
        sent.append([event.get("id") for event in json.loads(request.content)])
        return httpx.Response(200, json={"ids": ["1", "2"], "status": 200})

    client = make_client(http_client=httpx.Client(transport=httpx.MockTransport(answer)), checkpointing=False)

    def events():
        return [Event(name="a"), Event(name="b", id="mine")]

    def plain(ctx: ContextSync):
        return ctx.step.send_event("send", events())

    async def coroutine(ctx: Context):
        return await ctx.step.send_event("send", events())

    both(client, plain, coroutine)
    handler = Handler(client, framework="test")

    for _ in range(2):
        handler.handle(call_request(f"app-{colour}"))

    assert sent == [[f"R1.{hashlib.sha1(b'send').hexdigest()}.0", "mine"]] * 2
