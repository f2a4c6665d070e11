"""The handler: every kind of request in every mode, and nothing but documented replies."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

import inngest_django
import inngest_flask
import inngest_starlette
from app import (
    EVENT_KEY,
    FALLBACK,
    FALLBACK_KEY,
    KEY,
    NOW,
    REGISTERED,
    SIGNING_KEY,
    STRANGER,
    URL,
    Server,
    app,
    call_body,
    handler,
    request,
)
from exchanges import exchanges, request_of, sent_to_app, sent_to_server
from inngest_py import ConfigError, Event, Handler, Inngest, ServerError
from inngest_py.errors import InngestError
from inngest_py.version import VERSION
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.http import Request, Response
from inngest_py.wire.signing import SigningKey, verify
from json_values import TEXT, VALUES

CALL = "fnId=capsig-no-step&stepId=step"
UNAUTHORIZED = {"content-type": "application/json", "x-inngest-sdk-handled": "true"}
SYNC_BODY = encode({"url": URL})


def dev(server: Server | None = None, **settings: Any) -> Handler:
    """A handler in development, without keys unless a test gives some."""
    return handler(app(server, is_production=False, **{"signing_key": None, "event_key": None} | settings))


def signed_by(response: Response) -> SigningKey | None:
    """The key that a response was signed with, or None if it was not."""
    header = response.headers.get("x-inngest-signature")
    return None if header is None else verify(header, response.body, [KEY, FALLBACK], NOW)


def is_unauthorized(response: Response) -> bool:
    return (response.status, dict(response.headers), response.body) == (
        401,
        UNAUTHORIZED,
        b'{"message":"Unauthorized"}',
    )


@pytest.fixture
def server() -> Server:
    return Server()


# Calls -------------------------------------------------------------------------------------------------------------


def test_a_signed_call_runs_the_function_and_the_reply_is_signed() -> None:
    response = handler().handle(request(query=CALL, body=call_body()))

    assert (response.status, decode(response.body)) == (200, {"hello": "world", "n": 1})
    assert signed_by(response) is KEY


def test_a_reply_says_who_answers() -> None:
    response = handler().handle(request(query=CALL, body=call_body()))

    of_the_moment = {"x-inngest-signature", "server-timing"}
    assert {key: value for key, value in response.headers.items() if key not in of_the_moment} == {
        "content-type": "application/json",
        "x-inngest-expected-server-kind": "cloud",
        "x-inngest-framework": "fast_api",
        "x-inngest-req-version": "2",
        "x-inngest-sdk": f"inngest_py:v{VERSION}",
        "x-inngest-sdk-handled": "true",
        "user-agent": f"inngest_py:v{VERSION}",
    }


def test_the_reply_to_a_call_tells_how_long_it_took() -> None:
    times = handler().handle(request(query=CALL, body=call_body())).headers["server-timing"]

    found = re.fullmatch(r"handler;dur=(\d+\.\d\d), function;dur=(\d+\.\d\d)", times)
    assert found is not None
    assert float(found[1]) >= float(found[2])


def test_only_what_ran_a_function_tells_its_times() -> None:
    replies = [handler().handle(request(method="GET")), handler().handle(request(query=CALL, key=None))]

    assert [reply.headers.get("server-timing") for reply in replies] == [None, None]


def test_the_platform_is_named_in_replies_and_where_the_app_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER", "true")
    server = Server()
    handling = handler(app(server))

    reply = handling.handle(request(query=CALL, body=call_body()))
    handling.handle(request(method="PUT", body=encode({"url": URL})))
    shown = handling.handle(request(method="PUT", body=encode({"url": URL}), x_inngest_sync_kind="in_band"))

    assert reply.headers["x-inngest-platform"] == "render"
    assert server.requests[0].headers["x-inngest-platform"] == "render"
    assert decode(server.requests[0].content)["platform"] == "render"
    assert decode(shown.body)["platform"] == "render"


def test_in_development_a_call_needs_no_signature_and_gets_none() -> None:
    response = dev().handle(request(query=CALL, body=call_body(), key=None))

    assert (response.status, signed_by(response)) == (200, None)
    assert response.headers["x-inngest-expected-server-kind"] == "dev"


@pytest.mark.parametrize(
    "asked",
    [
        request(query=CALL, body=call_body(), key=None),
        request(query=CALL, body=call_body(), key=STRANGER),
        request(query=CALL, body=call_body(), at=NOW - 301),
        request(query=CALL, body=call_body(), at=NOW + 301),
        Request("POST", f"{URL}?{CALL}", request(body=b"{}").headers, call_body()),
        request(query="probe=trust", key=None),
        request(query="probe=trust", key=STRANGER),
        request("GET", key=None),
        request("GET", key=STRANGER),
        request("PUT", body=SYNC_BODY, key=None, x_inngest_sync_kind="in_band"),
        request("PUT", body=SYNC_BODY, key=STRANGER, x_inngest_sync_kind="in_band"),
        request("PUT", body=SYNC_BODY, at=NOW - 301, x_inngest_sync_kind="IN_BAND"),
    ],
)
def test_what_is_not_signed_rightly_is_refused_and_learns_nothing(asked: Request, server: Server) -> None:
    assert is_unauthorized(handler(app(server)).handle(asked))
    assert server.requests == []


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_signature_may_be_five_minutes_off(seconds: int) -> None:
    assert handler().handle(request(query=CALL, body=call_body(), at=NOW + seconds)).status == 200


@pytest.mark.parametrize("asked", [request(query=CALL, body=call_body(), key=FALLBACK), request("GET", key=FALLBACK)])
def test_what_the_fallback_key_signed_is_answered_with_the_fallback_key(asked: Request) -> None:
    response = handler(app(signing_key_fallback=FALLBACK_KEY)).handle(asked)

    assert (response.status, signed_by(response)) == (200, FALLBACK)


def test_the_server_kind_of_a_call_is_not_asked_for() -> None:
    asked = request(query=CALL, body=call_body(), x_inngest_server_kind="dev")

    assert handler().handle(asked).status == 200


async def test_a_coroutine_gets_the_same_answer() -> None:
    assert (await handler().ahandle(request(query=CALL, body=call_body()))).status == 200


@pytest.mark.parametrize(
    ("query", "body", "status", "code", "message"),
    [
        ("fnId=nope&stepId=step", call_body(), 500, "function_not_found", "function nope not found"),
        ("stepId=step", call_body(), 400, "bad_request", "the query parameter fnId is missing"),
        ("", call_body(), 400, "bad_request", "the query parameter fnId is missing"),
        (CALL, b"{nope", 400, "body_invalid", "the body is not JSON"),
        (CALL, b"", 400, "body_invalid", "the body is not JSON"),
        (CALL, b"{}", 400, "body_invalid", "ctx must be a JSON object, not null"),
        ("fnId=capsig-two-steps&stepId=abcd", call_body(), 500, "step_not_found", "has no step abcd"),
        ("probe=zzz", b"", 400, "bad_request", 'there is no probe "zzz"'),
    ],
)
def test_a_signed_request_that_cannot_be_answered_is_told_why(
    query: str, body: bytes, status: int, code: str, message: str
) -> None:
    response = handler().handle(request(query=query, body=body))

    found = decode(response.body)
    assert (response.status, found["code"]) == (status, code)
    assert message in found["message"]
    assert set(found) == {"code", "message", "name"}
    assert signed_by(response) is KEY


def test_an_error_of_the_user_is_told_with_its_stack() -> None:
    response = handler().handle(request(query="fnId=capsig-failing&stepId=step", body=call_body()))

    body = decode(response.body)
    assert (response.status, body["name"], body["message"]) == (500, "ValueError", "no such order")
    assert "inngest_py/" not in body["stack"]
    assert signed_by(response) is KEY


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "HEAD", "OPTIONS", "post", ""])
def test_a_method_of_no_server_is_refused_with_those_that_are(method: str) -> None:
    response = handler().handle(request(method, key=None))

    assert (response.status, response.headers["allow"]) == (405, "GET, POST, PUT")
    assert decode(response.body)["code"] == "method_not_allowed"


def test_a_failure_of_ours_is_logged_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = app()
    answering = handler(client)
    monkeypatch.setattr(type(client), "functions", property(lambda _self: 1 / 0))

    response = answering.handle(request(query=CALL, body=call_body()))

    assert (response.status, decode(response.body)["code"]) == (500, "internal_error")
    assert "ZeroDivisionError" not in response.body.decode()
    assert "ZeroDivisionError" in caplog.text
    assert signed_by(response) is KEY


# Introspection and the probe ---------------------------------------------------------------------------------------


def test_who_signs_is_shown_the_configuration() -> None:
    response = handler().handle(request("GET"))

    shown = decode(response.body)
    assert (response.status, signed_by(response)) == (200, KEY)
    assert (shown["mode"], shown["app_id"], shown["authentication_succeeded"]) == ("cloud", "capsig", True)
    assert shown["function_count"] == 6


@pytest.mark.parametrize("key", [None, KEY])
def test_in_development_anybody_is_shown_little(key: SigningKey | None) -> None:
    response = dev(signing_key=SIGNING_KEY).handle(request("GET", key=key))

    assert (response.status, signed_by(response)) == (200, None)
    assert decode(response.body) == {
        "schema_version": "2024-05-24",
        "function_count": 6,
        "has_event_key": False,
        "has_signing_key": True,
        "has_signing_key_fallback": False,
        "mode": "dev",
    }


@pytest.mark.parametrize(
    ("key", "mine", "theirs"), [(KEY, "cloud", "dev"), (None, "cloud", "dev"), (None, "dev", "cloud")]
)
def test_a_server_of_the_other_kind_is_shown_nothing(key: SigningKey | None, mine: str, theirs: str) -> None:
    answering = dev() if mine == "dev" else handler()

    response = answering.handle(request("GET", key=key, x_inngest_server_kind=theirs))

    assert (response.status, response.body) == (403, b"{}")


def test_the_probe_proves_that_both_have_the_key() -> None:
    response = handler().handle(request(query="probe=trust"))

    assert (response.status, response.body, signed_by(response)) == (200, b"null", KEY)


def test_in_development_the_probe_proves_nothing() -> None:
    response = dev().handle(request(query="probe=trust&fnId=x", key=None))

    assert (response.status, response.body, signed_by(response)) == (200, b"null", None)


# Sync --------------------------------------------------------------------------------------------------------------


def test_a_signed_sync_registers_the_app_where_its_body_says(server: Server) -> None:
    elsewhere = encode({"url": "https://shop.example:8443/inngest?deployId=1#x"})
    asked = request("PUT", "deployId=d1", elsewhere, url="http://evil.example/api", x_inngest_server_kind="cloud")

    response = handler(app(server)).handle(asked)

    (sent,) = server.requests
    assert str(sent.url) == "http://127.0.0.1:28402/fn/register?deployId=d1"
    assert decode(sent.content)["url"] == "https://shop.example:8443/inngest"
    assert sent.headers["x-inngest-expected-server-kind"] == "cloud"
    assert (response.status, decode(response.body), signed_by(response)) == (200, REGISTERED, KEY)
    assert response.headers["x-inngest-sync-kind"] == "out_of_band"


def test_every_function_is_registered_under_the_url_of_the_app(server: Server) -> None:
    handler(app(server)).handle(request("PUT", body=SYNC_BODY))

    functions = decode(server.requests[0].content)["functions"]
    assert [function["id"] for function in functions] == [
        "capsig-no-step",
        "capsig-two-steps",
        "capsig-send-event",
        "capsig-big-state",
        "capsig-failing",
        "capsig-failing-failure",
    ]
    assert functions[0]["steps"]["step"]["runtime"]["url"] == f"{URL}?fnId=capsig-no-step&stepId=step"


@pytest.mark.parametrize("key", [None, STRANGER])
def test_in_production_an_unsigned_sync_never_says_where_the_app_is(key: SigningKey | None, server: Server) -> None:
    asked = request("PUT", body=SYNC_BODY, key=key, url="http://evil.example/api", host="evil.example")

    response = handler(app(server)).handle(asked)

    assert (response.status, signed_by(response), server.requests) == (400, None, [])
    assert "set INNGEST_SERVE_ORIGIN or serve(serve_origin=...)" in decode(response.body)["message"]


@pytest.mark.parametrize(
    ("url", "registered"),
    [
        ("http://evil.example/api/inngest?x=1", "https://shop.example/api/inngest"),
        ("http://evil.example//evil.example/api", "https://shop.example//evil.example/api"),
        ("http://evil.example", "https://shop.example/"),
    ],
)
def test_an_unsigned_sync_registers_the_app_at_its_own_origin(url: str, registered: str, server: Server) -> None:
    response = handler(app(server), serve_origin="https://shop.example/ignored").handle(
        request("PUT", body=encode({"url": "http://evil.example"}), key=None, url=url)
    )

    assert decode(server.requests[0].content)["url"] == registered
    assert (response.status, signed_by(response)) == (200, None)


@pytest.mark.parametrize("path", ["/inngest", "inngest"])
def test_the_path_of_the_app_may_be_told(path: str, server: Server) -> None:
    handler(app(server), serve_origin="https://shop.example", serve_path=path).handle(request("PUT", body=SYNC_BODY))

    assert decode(server.requests[0].content)["url"] == "https://shop.example/inngest"


def test_the_place_of_the_app_may_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_SERVE_ORIGIN", "https://shop.example")
    monkeypatch.setenv("INNGEST_SERVE_PATH", "/x")

    handler(app(server)).handle(request("PUT", body=SYNC_BODY, key=None))

    assert decode(server.requests[0].content)["url"] == "https://shop.example/x"


def test_an_app_registers_without_being_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_ENABLE_UNAUTHED_SYNC", "false")
    app_handler = handler(app(server), serve_origin="https://elsewhere.example", serve_path="/else")

    assert app_handler.register("https://shop.example/api/inngest") == REGISTERED

    (sent,) = server.requests
    assert str(sent.url) == "http://127.0.0.1:28402/fn/register"
    assert sent.headers["authorization"].startswith("Bearer ")
    registered = decode(sent.content)
    assert (registered["url"], len(registered["functions"])) == ("https://shop.example/api/inngest", 6)


def test_an_app_that_cannot_register_says_why(server: Server) -> None:
    server.answer = lambda _request: httpx.Response(401, json={"error": "no such key"})

    with pytest.raises(ServerError, match="no such key"):
        handler(app(server)).register("https://shop.example/api/inngest")
    with pytest.raises(ConfigError, match=r'register="shop\.example" is not an http or https URL'):
        handler(app(server)).register("shop.example")
    assert len(server.requests) == 1


def test_an_unsigned_sync_can_be_forbidden(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_ENABLE_UNAUTHED_SYNC", "false")

    response = handler(app(server), serve_origin="https://shop.example").handle(request("PUT", key=None))

    assert is_unauthorized(response)
    assert server.requests == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{nope", encode({"url": 5}), encode({"url": "ftp://x/y"})])
def test_a_signed_sync_that_names_no_url_is_refused(body: bytes, server: Server) -> None:
    response = handler(app(server)).handle(request("PUT", body=body))

    assert (response.status, signed_by(response), server.requests) == (400, KEY, [])


@pytest.mark.parametrize("url", ["http://[/api", "http://a\ud800/api", "http://a/api\udfff"])
def test_a_url_that_cannot_be_read_is_refused(url: str, server: Server) -> None:
    response = dev(server).handle(request("PUT", key=None, url=url))

    assert (response.status, server.requests) == (400, [])
    assert decode(response.body)["message"].startswith("a URL that cannot be read: ")


def test_a_signed_url_that_cannot_be_read_is_refused(server: Server) -> None:
    response = handler(app(server)).handle(request("PUT", body=encode({"url": "http://["})))

    assert (response.status, signed_by(response), server.requests) == (400, KEY, [])


def test_in_development_the_app_is_where_the_request_found_it(server: Server) -> None:
    response = dev(server).handle(request("PUT", key=None, url="http://localhost:5000/api/inngest"))

    assert decode(server.requests[0].content)["url"] == "http://localhost:5000/api/inngest"
    assert (response.status, response.headers["x-inngest-sync-kind"]) == (200, "out_of_band")
    assert "authorization" not in server.requests[0].headers


def test_a_signed_in_band_sync_is_answered_with_the_functions(server: Server) -> None:
    response = handler(app(server)).handle(request("PUT", body=SYNC_BODY, x_inngest_sync_kind="in_band"))

    body = decode(response.body)
    assert (response.status, signed_by(response), server.requests) == (200, KEY, [])
    assert response.headers["x-inngest-sync-kind"] == "in_band"
    assert (body["url"], len(body["functions"]), body["inspection"]["mode"]) == (URL, 6, "cloud")


def test_in_development_an_in_band_sync_is_answered_in_band(server: Server) -> None:
    asked = request("PUT", body=SYNC_BODY, key=None, x_inngest_sync_kind="in_band", url="http://localhost:5000/api")

    response = dev(server).handle(asked)

    body = decode(response.body)
    assert (response.status, response.headers["x-inngest-sync-kind"], server.requests) == (200, "in_band", [])
    assert body["url"] == "http://localhost:5000/api"
    assert "signing_key_hash" not in body["inspection"]


def test_in_development_an_in_band_sync_is_verified_if_there_is_a_key() -> None:
    answering = dev(signing_key=SIGNING_KEY)

    signed = answering.handle(request("PUT", body=SYNC_BODY, x_inngest_sync_kind="in_band"))
    unsigned = answering.handle(request("PUT", body=SYNC_BODY, key=None, x_inngest_sync_kind="in_band"))

    assert (signed.status, signed_by(signed), decode(signed.body)["url"]) == (200, KEY, URL)
    assert is_unauthorized(unsigned)


@pytest.mark.parametrize(
    ("answering", "theirs", "message"),
    [
        (handler(), "dev", "Sync rejected since it's from a Dev Server but expected Cloud"),
        (dev(), "cloud", "Sync rejected since it's from a Cloud but expected Dev Server"),
        (dev(), "toaster", "Sync rejected since it's from a server of an unknown kind but expected Dev Server"),
    ],
)
def test_a_sync_by_a_server_of_the_other_kind_is_refused(answering: Handler, theirs: str, message: str) -> None:
    response = answering.handle(request("PUT", body=SYNC_BODY, x_inngest_server_kind=theirs))

    assert (response.status, decode(response.body)) == (
        400,
        {"code": "server_kind_mismatch", "message": message, "name": "ServerKindError"},
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, text="Authentication failed\n"), "with status 401: Authentication failed"),
        (httpx.Response(400, json={"error": "At least one function is invalid"}), "At least one function is invalid"),
        (httpx.Response(200, text="<html>"), "with status 200: <html>"),
        (httpx.ConnectError("refused"), "the Inngest server at http://127.0.0.1:28402 cannot be reached: refused"),
    ],
)
def test_a_registration_that_failed_is_a_failure(
    answer: httpx.Response | Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    response = handler(app(Server(fail))).handle(request("PUT", body=SYNC_BODY))

    body = decode(response.body)
    assert (response.status, body["code"], signed_by(response)) == (500, "server_error", KEY)
    assert said in body["message"]
    assert said in caplog.text


@pytest.mark.parametrize("status", [401, 403])
def test_a_registration_is_repeated_with_the_fallback_key(status: int) -> None:
    def accept_second(asked: httpx.Request) -> httpx.Response:
        known = asked.headers["authorization"] == f"Bearer {FALLBACK.digest()}"
        return httpx.Response(200, json=REGISTERED) if known else httpx.Response(status)

    server = Server(accept_second)

    response = handler(app(server, signing_key_fallback=FALLBACK_KEY)).handle(request("PUT", body=SYNC_BODY))

    assert (response.status, len(server.requests)) == (200, 2)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.digest()}"


# Making one --------------------------------------------------------------------------------------------------------


def test_an_app_in_production_needs_a_signing_key() -> None:
    with pytest.raises(
        ConfigError, match=r'app "shop" is in production mode and has no signing key.*INNGEST_SIGNING_KEY'
    ):
        handler(Inngest(app_id="shop", is_production=True, signing_key_fallback=FALLBACK_KEY))


@pytest.mark.parametrize("origin", ["shop.example", "ftp://shop.example", "https://", "https://["])
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"serve_origin=.* is not an http or https URL"):
        handler(serve_origin=origin)


def test_only_the_given_functions_are_served() -> None:
    client = app()
    answering = handler(client, functions=client.functions[:1])

    assert decode(answering.handle(request("GET")).body)["function_count"] == 1
    assert answering.handle(request(query="fnId=capsig-two-steps&stepId=step", body=call_body())).status == 500


def test_a_function_may_be_declared_after_the_handler_was_made() -> None:
    client = Inngest(app_id="capsig", is_production=False)
    answering = handler(client)

    @client.create_function(fn_id="no-step", trigger=[])
    def no_step(_ctx: Any) -> str:
        return "late"

    assert answering.handle(request(query=CALL, body=call_body(), key=None)).body == b'"late"'


def test_two_functions_with_one_id_are_refused() -> None:
    client = app()

    with pytest.raises(ConfigError, match='two functions have the id "capsig-no-step"'):
        handler(client, functions=[client.functions[0], client.functions[0]])


def test_what_is_served_must_be_declared() -> None:
    with pytest.raises(ConfigError, match="serve takes functions made by create_function, not <function"):
        handler(functions=[test_what_is_served_must_be_declared])


# Replays -----------------------------------------------------------------------------------------------------------

TELLING = ("x-inngest-req-version", "x-inngest-framework", "x-inngest-expected-server-kind", "x-inngest-sdk-handled")
REPLAYED = [
    "introspection_cloud_signed",
    "introspection_cloud_unsigned",
    "introspection_server_kind_mismatch",
    "sdk_error_responses",
    "signed_mode_call_bad_signature",
    "signed_mode_call_unsigned",
    "signed_mode_send_event",
    "signed_mode_sync",
    "signed_mode_two_steps",
    "signed_mode_use_api",
    "sync_in_band",
    "sync_in_band_unsigned",
    "trust_probe_signed",
    "trust_probe_unsigned",
]
CASES = [(f"{name}[{index}]", exchange) for name in REPLAYED for index, exchange in enumerate(sent_to_app(name))]


def replayed(name: str, exchange: dict[str, Any], **settings: Any) -> Response:
    """The answer of our handler to a recorded request, at the time when it was made."""
    client = app(server_after(name, exchange), **settings)
    return handler(client, clock=lambda: exchange["t"], serve_origin="http://127.0.0.1:28401").handle(
        request_of(exchange)
    )


def server_after(name: str, exchange: dict[str, Any]) -> Server:
    """A server that answers the app as the real one did after a recorded request."""
    recorded = exchanges(name)
    after = [one for one in recorded[recorded.index(exchange) :] if one["to"] == "server"]

    def answer(asked: httpx.Request) -> httpx.Response:
        found = next(one for one in after if (one["method"], one["path"]) == (asked.method, asked.url.path))
        return httpx.Response(found["response"]["status"], json=found["response"]["body"])

    return Server(answer)


@pytest.mark.parametrize(("name", "exchange"), CASES, ids=[name for name, _ in CASES])
def test_a_recorded_request_is_answered_as_it_was(name: str, exchange: dict[str, Any]) -> None:
    recorded = exchange["response"]

    response = replayed(name.partition("[")[0], exchange)

    status = recorded["status"] if name not in {"sdk_error_responses[1]", "sdk_error_responses[2]"} else 400
    assert response.status == status
    for header in TELLING:
        assert response.headers.get(header) == recorded["headers"].get(header)
    assert response.headers.get("x-inngest-sync-kind") == recorded["headers"].get("x-inngest-sync-kind")
    assert response.headers["content-type"] == recorded["headers"]["content-type"]
    signed = name != "introspection_server_kind_mismatch[0]" and "x-inngest-signature" in recorded["headers"]
    assert ("x-inngest-signature" in response.headers) == signed


@pytest.mark.parametrize(
    ("name", "exchange"),
    [case for case in CASES if case[1]["response"]["status"] in {200, 206, 401, 403} and "sync_in" not in case[0]],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_recorded_request_is_answered_with_what_it_was(name: str, exchange: dict[str, Any]) -> None:
    response = replayed(name.partition("[")[0], exchange)

    packed = response.headers.get("content-encoding") == "gzip"
    body, recorded = decode(gzip.decompress(response.body) if packed else response.body), exchange["response"]["body"]
    if name.startswith("introspection_cloud_signed"):
        recorded = recorded | {key: body[key] for key in ("sdk_version", "function_count")}
    if exchange["response"]["status"] == 206:
        body = [{**op, "opts": None} for op in body]  # what kind of step it is, is told besides
    assert body == recorded


def test_a_recorded_in_band_sync_is_answered_in_the_same_shape() -> None:
    (exchange,) = sent_to_app("sync_in_band")

    body, recorded = decode(replayed("sync_in_band", exchange).body), exchange["response"]["body"]

    assert set(body) == set(recorded)
    assert set(body["inspection"]) == set(recorded["inspection"])
    ours = {function["id"]: function for function in body["functions"]}
    theirs = {function["id"]: function for function in recorded["functions"]}
    for name in ("capsig-no-step", "capsig-two-steps", "capsig-send-event", "capsig-big-state"):
        assert ours[name] == theirs[name]


def test_a_recorded_sync_registers_the_app_as_it_was() -> None:
    server = Server()
    (exchange,) = sent_to_app("signed_mode_sync")

    handler(app(server), clock=lambda: exchange["t"]).handle(request_of(exchange))

    sent, recorded = server.requests[0], sent_to_server("signed_mode_sync")[0]
    for header in ("authorization", "content-type", "x-inngest-expected-server-kind", "x-inngest-framework"):
        assert sent.headers[header] == recorded["headers"][header]
    assert decode(sent.content)["url"] == exchange["body"]["url"]


@pytest.mark.parametrize("name", ["sync_out_of_band_cloud_unsigned", "sync_out_of_band_cloud_bad_signature"])
def test_a_recorded_unsigned_sync_is_answered_unsigned(name: str) -> None:
    (exchange,) = sent_to_app(name)

    response = replayed(name, exchange)

    assert (response.status, decode(response.body)) == (200, exchange["response"]["body"])
    assert "x-inngest-signature" not in response.headers


@pytest.mark.parametrize(
    "name", ["sync_out_of_band", "sync_out_of_band_unchanged", "introspection_dev", "large_state_use_api"]
)
def test_recorded_requests_of_a_dev_server_are_answered_as_they_were(name: str) -> None:
    for exchange in sent_to_app(name):
        response = replayed(name, exchange, app_id="cap", is_production=False, signing_key=None, event_key=None)
        recorded = exchange["response"]

        assert response.status == recorded["status"]
        for header in TELLING:
            assert response.headers.get(header) == recorded["headers"].get(header)


@pytest.mark.parametrize(
    ("index", "accepted"),
    [(0, False), (1, True), (2, False), (3, True)],
    ids=["raw", "canonical", "old", "either order"],
)
def test_a_recorded_signature_is_over_either_form_and_not_old(index: int, accepted: bool) -> None:
    exchange = sent_to_app("signed_mode_jcs_and_timestamp")[index]

    response = replayed("signed_mode_jcs_and_timestamp", exchange)

    # A real SDK refuses a signature over the raw bytes and takes one that is an hour old; servers send neither.
    assert (response.status == 200) is (accepted or index == 0)


# Whatever comes ----------------------------------------------------------------------------------------------------

SECRETS = (
    SIGNING_KEY.rpartition("-")[2],
    FALLBACK_KEY.rpartition("-")[2],
    EVENT_KEY,
    KEY.digest(),
    FALLBACK.digest(),
    "09d8f4fa22d4b55969476c0868f5835cc10fb2c2d8984e28c48adf7979ecb8ac",  # the event key's hash
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "PUT", "DELETE"]) | st.text(max_size=5)
QUERIES = st.sampled_from(
    ["", CALL, "fnId=capsig-two-steps&stepId=abcd", "fnId=%ff", "probe=trust", "probe", "deployId=%00", "fnId=a&fnId=b"]
) | st.text(max_size=10)
URLS = st.sampled_from([URL, "http://[", "", "//", "http://a\ud800/b", "/api"]) | st.text(max_size=10)
BODIES = (
    st.binary(max_size=30)
    | VALUES.map(encode)
    | st.sampled_from(
        [call_body(), SYNC_BODY, b'{"url":"http://["}', b"1e999", b"[" * 5_000, b'{"ctx":{"run_id":"\\ud800"}}']
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-inngest-server-kind", "x-inngest-sync-kind", "host", "x-inngest-signature", "content-type"]),
    st.sampled_from(["dev", "cloud", "in_band", "out_of_band", "t=1&s=2", "evil"]) | TEXT | st.text(max_size=5),
    max_size=4,
)


KEYS = st.sampled_from([None, None, KEY, FALLBACK, STRANGER])


def anything(  # noqa: PLR0917 - as st.builds gives them
    method: str, url: str, query: str, headers: dict[str, str], body: bytes, key: SigningKey | None
) -> Request:
    asked = request(method, query, body, key=key, url=url)
    return Request(method, asked.url, {**headers, **asked.headers}, body)


@contextmanager
def noting_logs() -> Iterator[list[str]]:
    """The messages that are logged in the block."""
    messages: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(self.format(record))

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield messages
    finally:
        logging.getLogger().removeHandler(listener)


@pytest.fixture(scope="module")
def handlers() -> dict[str, Handler]:
    """One in production, one in development; no server answers them."""

    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    keys = {"signing_key_fallback": FALLBACK_KEY}
    return {
        "cloud": handler(app(Server(refuse), **keys), serve_origin="https://shop.example"),
        "dev": handler(app(Server(refuse), is_production=False, **keys)),
    }


@given(st.sampled_from(["cloud", "dev"]), st.builds(anything, METHODS, URLS, QUERIES, HEADERS, BODIES, KEYS))
def test_whatever_comes_is_answered_in_json_and_without_a_secret(
    handlers: dict[str, Handler], mode: str, asked: Request
) -> None:
    with noting_logs() as messages:
        response = handlers[mode].handle(asked)

    found = json.loads(response.body)
    assert response.status in {200, 206, 400, 401, 403, 405, 500}
    assert response.headers["content-type"] == "application/json"
    assert "Traceback" not in response.body.decode()
    assert response.status != 500 or found["code"] in {"function_not_found", "step_not_found", "server_error"}
    if "x-inngest-signature" not in response.headers:
        shown = f"{response.body.decode()} {response.headers} {messages}"
        assert not any(secret in shown for secret in SECRETS)


def test_no_error_and_no_repr_shows_a_secret() -> None:
    client = app(Server(lambda asked: httpx.Response(404, text=f"no {asked.url}")), signing_key_fallback=FALLBACK_KEY)

    with pytest.raises(InngestError) as caught:
        client.send_sync(Event(name="a"))

    shown = [repr(client), repr(client.settings), str(caught.value), repr(client.settings.signing_keys)]
    assert not any(secret in " ".join(shown) for secret in SECRETS)


# What is served ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (lambda app: app.functions[0], r"serve takes a list of functions, not <Function .*>: write serve\(client, \["),
        (lambda _app: 5, "serve takes a list of functions, not 5"),
        (lambda _app: False, "serve takes a list of functions, not False"),
        (lambda app: [app.functions[0].handler], "serve takes functions made by create_function, not <function"),
        (lambda _app: "functions", "serve takes functions made by create_function, not 'f'"),
    ],
)
def test_functions_to_serve_are_a_list_of_declared_ones(functions: Any, said: str) -> None:
    client = app()

    with pytest.raises(ConfigError, match=said):
        Handler(client, functions(client), framework="none")


@pytest.mark.parametrize("is_production", [False, True])
def test_a_body_in_chunks_of_which_nothing_arrives_is_refused_with_the_reason(is_production: bool) -> None:
    handler = Handler(app(is_production=is_production), framework="none")

    refused = handler.handle(Request("POST", URL, {"transfer-encoding": "chunked"}))
    others = [
        handler.handle(Request("POST", URL, {"transfer-encoding": "chunked"}, b"{}")),
        handler.handle(Request("POST", URL, {"content-length": "0"})),
        handler.handle(Request("PUT", URL, {"transfer-encoding": "chunked"})),
    ]

    assert (refused.status, json.loads(refused.body)["code"]) == (411, "length_required")
    assert "it came in chunks" in json.loads(refused.body)["message"]
    assert 411 not in [other.status for other in others]


@pytest.mark.parametrize("max_body", ["1", 0, -1, 1.5])
def test_a_limit_of_bodies_that_cannot_be_is_refused_when_it_is_written(max_body: Any) -> None:
    with pytest.raises(ConfigError, match=f"max_body={max_body!r} is no number of bytes"):
        Handler(Inngest(app_id="app", is_production=False), framework="none", max_body=max_body)


@pytest.mark.parametrize("serve", [inngest_flask.serve, inngest_django.serve, inngest_starlette.serve])
def test_what_is_served_first_is_a_client(serve: Any) -> None:
    with pytest.raises(ConfigError, match=r"serve takes a client first, Inngest\(\.\.\.\), not 'shop'"):
        serve("shop")


@pytest.mark.parametrize(
    ("streaming", "status"),
    [(None, 200), (False, 200), (True, 201), ("force", 201), ("allow", 201), ("disable", 200)],
)
def test_streaming_is_said_with_a_truth_value_or_with_the_words_of_its_variable(streaming: Any, status: int) -> None:
    response = handler(app(), streaming=streaming).handle(request(query=CALL, body=call_body()))

    assert response.status == status


@pytest.mark.parametrize("streaming", ["of", "", 0, 1, "yes please", [True]])
def test_no_other_word_switches_streaming_on(streaming: Any) -> None:
    with pytest.raises(ConfigError, match="streaming="):
        handler(app(), streaming=streaming)
