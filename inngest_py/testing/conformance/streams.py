"""What an adapter must do when replies are streamed, and with bodies that are very large."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import inngest_py as inngest
from inngest_py import Inngest, Response
from inngest_py.testing.conformance.asking import call, call_body, get, is_signed, post, put, read, signed, unwrapped
from inngest_py.testing.conformance.colours import (
    asynchronously,
    introduce_ada,
    leave_a_plain_function,
    plainly,
    who,
)
from inngest_py.testing.conformance.harness import Mount
from inngest_py.testing.conformance.hosting import PATIENCE, Host

THING = inngest.TriggerEvent(event="thing/happened")
ServeMounts = Callable[..., Host]


def streamed(client: Inngest) -> Mount:
    """A mount whose replies are streamed."""
    return Mount(client, options={"streaming": True})


def declare_all_kinds(client: Inngest) -> list[str]:
    """Functions whose replies are of every kind, in both colours. The ids of all of them."""

    def fail(ctx: Any) -> None:
        raise {
            "fails": ValueError("what went wrong"),
            "final": inngest.NonRetriableError("never again"),
            "later": inngest.RetryAfterError("later", "60s"),
        }[ctx.event.data["how"]]

    @client.create_function(fn_id="returns", trigger=THING)
    def returns(ctx: inngest.ContextSync) -> Any:
        return {"é": ctx.event.data, "none": None}

    @client.create_function(fn_id="returns-async", trigger=THING)
    async def returns_async(ctx: inngest.Context) -> Any:
        return '"text" in {JSON}'

    @client.create_function(fn_id="steps", trigger=THING)
    def steps(ctx: inngest.ContextSync) -> None:
        ctx.step.run("one", lambda: 1)

    @client.create_function(fn_id="steps-async", trigger=THING)
    async def steps_async(ctx: inngest.Context) -> None:
        await ctx.step.sleep("a while", "1h")

    @client.create_function(fn_id="raises", trigger=THING)
    def raises(ctx: inngest.ContextSync) -> None:
        fail(ctx)

    @client.create_function(fn_id="raises-async", trigger=THING)
    async def raises_async(ctx: inngest.Context) -> None:
        fail(ctx)

    return [function.id for function in client.functions]


def lasting(response: Response) -> dict[str, str]:
    """The headers, but for what is different each time."""
    ours = {name: value for name, value in response.headers.items() if name.startswith(("x-inngest", "retry-after"))}
    return {name: value for name, value in ours.items() if name != "x-inngest-signature"}


class Streams:
    """The cases about replies that are streamed."""

    @pytest.mark.parametrize("how", ["fails", "final", "later"])
    def test_a_streamed_reply_says_what_another_would(self, how: str, cloud: Inngest, streamer: ServeMounts) -> None:
        ids = declare_all_kinds(cloud)
        hosted = streamer(cloud, replace(streamed(cloud), path="/streamed"))

        for fn_id in (*ids, "app-gone"):
            plain = hosted.send(signed(call(fn_id, data={"how": how})))
            reply = unwrapped(hosted.send(signed(call(fn_id, data={"how": how}, path="/streamed"))))

            assert (reply.status, lasting(reply)) == (plain.status, lasting(plain)), fn_id
            assert reply.body == plain.body, fn_id
            assert is_signed(reply), fn_id

    def test_a_stream_says_at_once_who_answers(self, dev: Inngest, streamer: ServeMounts) -> None:
        declare_all_kinds(dev)

        response = streamer(streamed(dev)).send(call("app-returns"))

        assert response.status == 201
        assert response.headers["x-inngest-sdk"] == f"inngest_py:v{inngest.__version__}"
        assert response.headers["content-type"] == "application/json"
        assert "content-length" not in response.headers

    def test_who_does_not_sign_gets_no_stream(self, cloud: Inngest, streamer: ServeMounts) -> None:
        declare_all_kinds(cloud)

        response = streamer(streamed(cloud)).send(call("app-returns"))

        assert (response.status, read(response)) == (401, {"message": "Unauthorized"})

    def test_only_calls_are_streamed(self, dev: Inngest, streamer: ServeMounts) -> None:
        hosted = streamer(streamed(dev))

        requests = [get(), post("probe=trust", b""), put(x_inngest_sync_kind="in_band")]

        assert [hosted.send(request).status for request in requests] == [200, 200, 200]

    def test_the_variable_has_replies_streamed(self, streamer: ServeMounts, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INNGEST_STREAMING", "force")
        client = Inngest(app_id="app", is_production=False)
        declare_all_kinds(client)

        hosted = streamer(client, Mount(client, path="/other", options={"streaming": False}))

        assert hosted.send(call("app-returns")).status == 201
        assert hosted.send(call("app-returns", path="/other")).status == 200

    @pytest.mark.parametrize("fn_id", ["app-plain", "app-async"])
    def test_signs_of_life_come_before_the_function_ends(
        self, fn_id: str, dev: Inngest, streamer: ServeMounts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("inngest_py.handler.KEEP_ALIVE", 0.001)
        go_on = threading.Event()

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> bool:
            return go_on.wait(PATIENCE)

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> bool:
            return await asyncio.to_thread(go_on.wait, PATIENCE)

        asked = streamer(streamed(dev)).begin(call(fn_id))

        assert [asked.bit() for _ in range(5)] == [b" "] * 5
        go_on.set()
        assert read(unwrapped(asked.answer())) is True

    def test_a_context_variable_of_a_middleware_is_there_in_streams(self, dev: Inngest, streamer: ServeMounts) -> None:
        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(_ctx: inngest.ContextSync) -> str:
            return who.get()

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> Any:
            return await asynchronously()

        @dev.create_function(fn_id="plain-step", trigger=THING)
        def plain_step(ctx: inngest.ContextSync) -> None:
            ctx.step.run("who", asynchronously)

        @dev.create_function(fn_id="async-step", trigger=THING)
        async def async_step(ctx: inngest.Context) -> None:
            await ctx.step.run("who", plainly)

        hosted = streamer(streamed(dev))
        hosted.before = introduce_ada

        for fn_id in ("app-plain", "app-async"):
            assert read(unwrapped(hosted.send(call(fn_id)))) == "ada"
        for fn_id in ("app-plain-step", "app-async-step"):
            assert read(unwrapped(hosted.send(call(fn_id))))[0]["data"] == "ada"

    def test_a_streamed_async_function_ends_when_the_client_leaves(
        self,
        dev: Inngest,
        streamer: ServeMounts,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr("inngest_py.handler.KEEP_ALIVE", 0.001)
        begun, cancelled = threading.Event(), threading.Event()

        async def for_ever() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(_ctx: inngest.Context) -> None:
            await for_ever()

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> None:
            ctx.step.run("for ever", for_ever)

        hosted = streamer(streamed(dev))
        for fn_id in ("app-async", "app-plain"):
            begun.clear()
            cancelled.clear()
            asked = hosted.begin(call(fn_id))
            assert begun.wait(PATIENCE)
            asked.leave()

            assert cancelled.wait(PATIENCE)
        assert hosted.send(get()).status == 200
        assert caplog.messages == []

    def test_a_streamed_plain_function_goes_on_when_the_client_leaves(
        self, dev: Inngest, streamer: ServeMounts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("inngest_py.handler.KEEP_ALIVE", 0.001)
        leave_a_plain_function(dev, streamer(streamed(dev)))

    # Large bodies ----------------------------------------------------------------------------------------------------

    def test_a_large_reply_is_compressed_for_who_can_read_it(self, cloud: Inngest, host: ServeMounts) -> None:
        @cloud.create_function(fn_id="long", trigger=THING)
        def long(_ctx: inngest.ContextSync) -> str:
            return "x" * 100_000

        hosted = host(cloud)
        if not hosted.takes_bytes:
            pytest.skip("answers are text here")
        request = signed(call("app-long"))
        packed = hosted.send(replace(request, headers={**request.headers, "Accept-Encoding": "gzip"}))

        assert packed.headers["content-encoding"] == "gzip"
        assert len(packed.body) < 1_000
        assert is_signed(replace(packed, body=gzip.decompress(packed.body)))
        assert len(hosted.send(request).body) == 100_002

    def test_a_body_that_is_too_large_is_refused(
        self, dev: Inngest, host: ServeMounts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("inngest_py.handler.MAX_BODY", 200_000)
        declare_all_kinds(dev)
        body = json.dumps(call_body()).encode()
        hosted = host(dev)

        assert hosted.send(post("fnId=app-returns&stepId=step", body.ljust(200_000))).status == 200
        for size in (200_001, 900_000):
            response = hosted.send(post("fnId=app-returns&stepId=step", body.ljust(size)))
            assert (response.status, read(response)["code"]) == (413, "body_too_large")
            assert "200000 bytes" in read(response)["message"]
