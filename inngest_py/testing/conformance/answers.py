"""What an adapter must let through: methods, URLs, headers and bodies as they came, and the answer as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import inngest_py as inngest
from inngest_py import Inngest, Request
from inngest_py.testing.conformance.api import Api, path_of
from inngest_py.testing.conformance.asking import (
    FALLBACK_KEY,
    KEY,
    ORIGIN,
    call,
    call_body,
    get,
    is_signed,
    post,
    put,
    read,
    signed,
)
from inngest_py.testing.conformance.harness import PATH, Harness, Mount
from inngest_py.testing.conformance.hosting import Host

THING = inngest.TriggerEvent(event="thing/happened")
ServeMounts = Callable[..., Host]


def declare_echo(client: Inngest, fn_id: str = "echo") -> None:
    """A function that returns the data of its event."""

    @client.create_function(fn_id=fn_id, trigger=THING)
    def echo(ctx: inngest.ContextSync) -> Any:
        return ctx.event.data


class Answers:
    """The cases about requests and answers."""

    # Introspection and registration ----------------------------------------------------------------------------------

    def test_introspection_says_how_many_functions_there_are(self, dev: Inngest, host: ServeMounts) -> None:
        declare_echo(dev)

        shown = read(host(dev).send(get()))

        assert shown["function_count"] == 1
        assert shown["mode"] == "dev"

    def test_every_answer_names_the_sdk_and_the_framework(
        self, dev: Inngest, host: ServeMounts, harness: Harness
    ) -> None:
        response = host(dev).send(get())

        assert response.headers["x-inngest-sdk"] == f"inngest_py:v{inngest.__version__}"
        assert response.headers["x-inngest-framework"] == harness.framework

    def test_functions_declared_after_serve_are_served(self, dev: Inngest, host: ServeMounts) -> None:
        hosted = host(dev)
        declare_echo(dev)

        assert read(hosted.send(get()))["function_count"] == 1

    def test_of_the_functions_only_those_given_are_served(self, dev: Inngest, host: ServeMounts) -> None:
        declare_echo(dev, "one")
        declare_echo(dev, "two")

        hosted = host(Mount(dev, functions=[dev.functions[1]]))

        assert read(hosted.send(get()))["function_count"] == 1
        assert hosted.send(call("app-one")).status == 500
        assert hosted.send(call("app-two")).status == 200

    def test_an_out_of_band_sync_registers_the_app_with_the_api(
        self, dev: Inngest, host: ServeMounts, api: Api
    ) -> None:
        declare_echo(dev)

        response = host(dev).send(put(f"{ORIGIN}{PATH}?deployId=d%2F1"))

        assert (response.status, read(response)) == (200, {"ok": True, "modified": True})
        (sent,) = api.requests
        assert (path_of(sent), sent.query) == ("/fn/register", {"deployId": "d/1"})
        registered = json.loads(sent.body)
        assert registered["url"] == f"{ORIGIN}{PATH}"
        assert registered["functions"][0]["id"] == "app-echo"

    def test_a_registration_that_the_api_refuses_is_a_failure(self, dev: Inngest, host: ServeMounts, api: Api) -> None:
        api.status, api.body = 400, {"error": "no functions"}

        response = host(dev).send(put())

        assert response.status == 500
        assert "no functions" in read(response)["message"]

    def test_a_registration_that_does_not_reach_the_api_is_a_failure(self, host: ServeMounts) -> None:
        client = Inngest(app_id="app", is_production=False, base_url="http://127.0.0.1:9")

        response = host(client).send(put())

        assert response.status == 500
        assert "cannot be reached" in read(response)["message"]

    def test_an_in_band_sync_answers_with_the_functions(self, cloud: Inngest, host: ServeMounts, api: Api) -> None:
        declare_echo(cloud)

        response = host(cloud).send(signed(put(x_inngest_sync_kind="in_band")))

        assert response.headers["x-inngest-sync-kind"] == "in_band"
        assert read(response)["functions"][0]["id"] == "app-echo"
        assert is_signed(response)
        assert api.requests == []

    # Calls -----------------------------------------------------------------------------------------------------------

    def test_a_call_answers_with_what_the_function_returns(self, dev: Inngest, host: ServeMounts) -> None:
        declare_echo(dev)

        response = host(dev).send(call("app-echo", data={"a": [1, "zwei", None]}))

        assert (response.status, read(response)) == (200, {"a": [1, "zwei", None]})

    def test_a_call_answers_with_a_step_that_was_run(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="steps", trigger=THING)
        def steps(ctx: inngest.ContextSync) -> Any:
            return ctx.step.run("one", lambda: 1)

        response = host(dev).send(call("app-steps"))

        assert response.status == 206
        assert [(op["op"], op["data"]) for op in read(response)] == [("StepRun", 1)]

    def test_a_call_goes_on_from_the_steps_that_it_carries(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="steps", trigger=THING)
        async def steps(ctx: inngest.Context) -> Any:
            return [await ctx.step.run("one", lambda: 1), await ctx.step.run("two", lambda: 2)]

        response = host(dev).send(call("app-steps", steps={"one": {"data": "stored"}, "two": {"data": 2}}))

        assert (response.status, read(response)) == (200, ["stored", 2])

    def test_what_a_plain_function_raises_is_answered(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="fails", trigger=THING)
        def fails(_ctx: inngest.ContextSync) -> None:
            raise ValueError("what went wrong")

        response = host(dev).send(call("app-fails"))

        assert response.status == 500
        assert (read(response)["name"], read(response)["message"]) == ("ValueError", "what went wrong")

    def test_what_an_async_function_raises_is_answered(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="fails", trigger=THING)
        async def fails(_ctx: inngest.Context) -> None:
            raise inngest.NonRetriableError("never again")

        response = host(dev).send(call("app-fails"))

        assert response.status == 500
        assert response.headers["x-inngest-no-retry"] == "true"

    def test_what_a_step_raises_is_answered(self, dev: Inngest, host: ServeMounts) -> None:
        def exhausted() -> None:
            next(iter(()))

        @dev.create_function(fn_id="plain", trigger=THING)
        def plain(ctx: inngest.ContextSync) -> None:
            ctx.step.run("ends", exhausted)

        @dev.create_function(fn_id="async", trigger=THING)
        async def asynchronous(ctx: inngest.Context) -> None:
            await ctx.step.run("ends", exhausted)

        hosted = host(dev)

        for fn_id in ("app-plain", "app-async"):
            response = hosted.send(call(fn_id))
            assert response.status == 206
            assert read(response)[0]["op"] == "StepError"

    def test_when_to_come_again_is_a_header_of_the_answer(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="later", trigger=THING)
        def later(_ctx: inngest.ContextSync) -> None:
            raise inngest.RetryAfterError("later", "60s")

        assert host(dev).send(call("app-later")).headers["retry-after"]

    def test_an_unknown_function_is_an_error_that_names_it(self, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(call("app-gone"))

        assert response.status == 500
        assert read(response)["code"] == "function_not_found"
        assert "app-gone" in read(response)["message"]

    # Methods and URLs ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
    def test_a_wrong_method_is_told_the_right_ones(self, method: str, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(Request(method, f"{ORIGIN}{PATH}"))

        assert response.status == 405
        assert response.headers["allow"] == "GET, POST, PUT"
        assert method in read(response)["message"]

    def test_head_is_a_wrong_method_too(self, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(Request("HEAD", f"{ORIGIN}{PATH}"))

        assert response.status == 405
        assert response.headers["x-inngest-sdk-handled"] == "true"

    def test_a_call_without_a_function_id_is_told_so(self, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(post("stepId=step", json.dumps(call_body()).encode()))

        assert response.status == 400
        assert "fnId" in read(response)["message"]

    @pytest.mark.parametrize(
        ("query", "fn_id"),
        [
            ("fnId=app%2Decho&stepId=step", "app-echo"),
            ("stepId=step&fnId=app-a%20b%26c%3Dd%25e", "app-a b&c=d%e"),
            ("fnId=app-a+b&stepId=step", "app-a b"),
            ("fnId=app-%C3%A9%F0%9F%90%8D&stepId=step", "app-é🐍"),
            ("fnId=first&stepId=step&fnId=app-last", "app-last"),
            ("fnId=app-%2F..%2F%3F%23&stepId=step", "app-/../?#"),
        ],
    )
    def test_the_query_arrives_as_it_was_written(self, query: str, fn_id: str, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(post(query, json.dumps(call_body()).encode()))

        assert f"{fn_id} not found" in read(response)["message"]

    def test_a_query_that_is_no_text_is_answered(self, dev: Inngest, host: ServeMounts) -> None:
        response = host(dev).send(post("fnId=%FF%00&stepId=%", json.dumps(call_body()).encode()))

        assert read(response)["code"] == "function_not_found"

    def test_several_clients_live_in_one_app(self, dev: Inngest, host: ServeMounts) -> None:
        other = Inngest(app_id="other.app", is_production=False)
        declare_echo(dev)
        declare_echo(other)

        hosted = host(dev, Mount(other, path="/other"), Mount(dev, path="/again"))

        assert hosted.send(call("app-echo")).status == 200
        assert hosted.send(call("app-echo", path="/again")).status == 200
        assert hosted.send(call("other.app-echo", path="/other")).status == 200
        assert hosted.send(call("other.app-echo")).status == 500

    # Bodies ----------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe{}", b"\x00", b"<html></html>", b"null"])
    def test_a_body_that_is_no_call_is_an_error_in_json(self, body: bytes, dev: Inngest, host: ServeMounts) -> None:
        declare_echo(dev)

        response = host(dev).send(post("fnId=app-echo&stepId=step", body))

        assert response.status == 400
        assert read(response)["message"]
        assert "Traceback" not in response.body.decode()

    @pytest.mark.parametrize(
        "content_type",
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html; charset=utf-16", ""],
    )
    def test_the_content_type_does_not_change_the_body(
        self, content_type: str, dev: Inngest, host: ServeMounts
    ) -> None:
        declare_echo(dev)
        body = json.dumps(call_body(data={"a": "b=c&d=%20"})).encode()

        response = host(dev).send(post("fnId=app-echo&stepId=step", body, content_type=content_type))

        assert read(response) == {"a": "b=c&d=%20"}

    def test_a_body_may_have_five_megabytes(self, dev: Inngest, host: ServeMounts) -> None:
        @dev.create_function(fn_id="length", trigger=THING)
        def length(ctx: inngest.ContextSync) -> int:
            return len(ctx.event.data["text"])

        response = host(dev).send(call("app-length", data={"text": "x" * 5_000_000}))

        assert (response.status, read(response)) == (200, 5_000_000)

    def test_an_answer_may_have_three_megabytes_and_any_characters(self, dev: Inngest, host: ServeMounts) -> None:
        text = "é🐍 \x00\u2028" * 200_000

        @dev.create_function(fn_id="long", trigger=THING)
        def long(_ctx: inngest.ContextSync) -> str:
            return text

        assert read(host(dev).send(call("app-long"))) == text

    # Signatures ------------------------------------------------------------------------------------------------------

    def test_a_signed_call_is_answered_and_signed(self, cloud: Inngest, host: ServeMounts) -> None:
        declare_echo(cloud)

        response = host(cloud).send(signed(call("app-echo", data={"a": 1})))

        assert (response.status, read(response)) == (200, {"a": 1})
        assert is_signed(response)

    @pytest.mark.parametrize(
        "body",
        [
            json.dumps(call_body(data={"b": 1.0, "a": "é🐍"}), indent=4, ensure_ascii=False).encode() + b"\n\n",
            json.dumps(call_body(data={"b": 1.0, "a": "é"})).encode(),
            json.dumps(call_body(data={"a": "\u2028 \r\n\t"}), separators=(" ,\r\n", " : ")).encode(),
        ],
    )
    def test_a_signature_is_over_the_bytes_as_they_are(self, body: bytes, cloud: Inngest, host: ServeMounts) -> None:
        declare_echo(cloud)

        response = host(cloud).send(signed(post("fnId=app-echo&stepId=step", body)))

        assert response.status == 200

    @pytest.mark.parametrize("name", ["x-inngest-signature", "X-INNGEST-SIGNATURE", "x-Inngest-sIgNature"])
    def test_the_names_of_headers_have_any_case(self, name: str, cloud: Inngest, host: ServeMounts) -> None:
        request = signed(get())
        (signature,) = request.headers.values()

        assert host(cloud).send(Request("GET", request.url, {name: signature})).status == 200

    def test_the_fallback_key_signs_as_well(self, cloud: Inngest, host: ServeMounts) -> None:
        response = host(cloud).send(signed(post("probe=trust", b""), FALLBACK_KEY))

        assert is_signed(response, FALLBACK_KEY)

    @pytest.mark.parametrize(
        "request_",
        [
            call("app-echo"),
            get(),
            post("probe=trust", b""),
            put(x_inngest_sync_kind="in_band"),
            signed(call("app-echo"), "signkey-test-00"),
            signed(call("app-echo"), age=301),
            signed(call("app-echo"), age=-100_000),  # so far ahead that it still is when the test runs
        ],
        ids=["call", "introspection", "probe", "in-band", "wrong key", "too old", "from the future"],
    )
    def test_who_does_not_sign_learns_nothing(self, request_: Request, cloud: Inngest, host: ServeMounts) -> None:
        declare_echo(cloud)

        response = host(cloud).send(request_)

        assert (response.status, read(response)) == (401, {"message": "Unauthorized"})
        assert "x-inngest-sdk" not in response.headers

    def test_the_trust_probe_is_answered_in_kind(self, cloud: Inngest, host: ServeMounts) -> None:
        response = host(cloud).send(signed(post("probe=trust", b"")))

        assert (response.status, read(response)) == (200, None)
        assert is_signed(response, KEY)
