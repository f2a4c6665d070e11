"""An app as the recordings know it, a server for it to talk to, and requests signed as a server signs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from inngest_py import Event, Handler, Inngest, TriggerEvent
from inngest_py.wire.codec import encode
from inngest_py.wire.http import Request
from inngest_py.wire.signing import SigningKey, sign

NOW = 1_795_321_923
URL = "http://127.0.0.1:28401/api/inngest"
SIGNING_KEY = "signkey-test-0123456789abcdef0123456789abcdef"
FALLBACK_KEY = "signkey-test-ffffffffffffffffffffffffffffffff"
EVENT_KEY = "evkey0123456789"
KEY, FALLBACK, STRANGER = SigningKey(SIGNING_KEY), SigningKey(FALLBACK_KEY), SigningKey("abcd")

REGISTERED = {"ok": True, "modified": True, "sync_id": "s", "app_id": "a"}


class Server:
    """What the app asks of a server, and what it is answered: by default that all is well."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer or (lambda _request: httpx.Response(200, json=REGISTERED))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    @property
    def http_client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))


def app(server: Server | None = None, app_id: str = "capsig", **settings: Any) -> Inngest:
    """A client with keys, in production unless a test says otherwise, and the functions of the recordings."""
    given: dict[str, Any] = {
        "is_production": True,
        "signing_key": SIGNING_KEY,
        "event_key": EVENT_KEY,
        "base_url": "http://127.0.0.1:28402",
        "http_client": (server or Server()).http_client,
        "checkpointing": False,
    }
    client = Inngest(app_id=app_id, **given | settings)
    declare_functions(client)
    return client


def declare_functions(client: Inngest) -> None:
    def triggered(name: str) -> TriggerEvent:
        return TriggerEvent(event=f"t/{name}")

    @client.create_function(fn_id="no-step", trigger=triggered("no-step"))
    def no_step(_ctx: Any) -> Any:
        return {"hello": "world", "n": 1}

    @client.create_function(fn_id="two-steps", trigger=triggered("two-steps"))
    def two_steps(ctx: Any) -> Any:
        x = ctx.step.run("step-a", lambda: {"a": 1})
        return {"x": x, "y": ctx.step.run("step-b", lambda: None)}

    @client.create_function(fn_id="send-event", trigger=triggered("send-event"))
    def send_event(ctx: Any) -> Any:
        events = [Event(name="t/sent-a", data={"i": 1}), Event(name="t/sent-b", data={"i": 2}, id="my-id-1")]
        return ctx.step.send_event("send", events)

    @client.create_function(fn_id="big-state", trigger=triggered("big-state"))
    async def big_state(ctx: Any) -> Any:
        await ctx.step.run("big-1", lambda: "x" * 2_300_000)
        await ctx.step.run("big-2", lambda: "x" * 2_300_000)
        await ctx.step.run("small", lambda: "s")
        return "done"

    @client.create_function(fn_id="failing", trigger=triggered("failing"), on_failure=lambda _ctx: None)
    def failing(_ctx: Any) -> Any:
        raise ValueError("no such order")


def handler(client: Inngest | None = None, **options: Any) -> Handler:
    """A handler whose clock stands at NOW."""
    given: dict[str, Any] = {"framework": "fast_api", "clock": lambda: NOW}
    return Handler(client or app(), **given | options)


def request(
    method: str = "POST",
    query: str = "",
    body: bytes = b"",
    *,
    key: SigningKey | None = KEY,
    at: int = NOW,
    url: str = URL,
    **headers: str,
) -> Request:
    """A request, signed if a key is given; headers are given with underscores for hyphens."""
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        found["x-inngest-signature"] = sign(key, body, at)
    return Request(method, f"{url}?{query}" if query else url, found, body)


def call_body(**changes: Any) -> bytes:
    """The body of a call without steps."""
    event = {"name": "t/no-step", "data": {"a": 1}}
    return encode({"ctx": {"run_id": "r", "attempt": 0}, "event": event, "events": [event], "steps": {}} | changes)
