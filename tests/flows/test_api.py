"""Requests to the API: the bearer token, its fallback, registering and fetching state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from driven import Driven, answer
from exchanges import request_of, sent_to_app, sent_to_server
from inngest_py.errors import ServerError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.flows.registration import register
from inngest_py.flows.state import fetch_state
from inngest_py.settings import Settings, read_settings
from inngest_py.version import VERSION
from inngest_py.wire.call import Call, read_call
from inngest_py.wire.http import Request, Response

KEY = "signkey-test-0123456789abcdef0123456789abcdef"
TOKEN = "223e0a160af9da0a03e6dd2c4719c56f5d66a633cbe84e78aaa9f3735865522a"
REQUEST = Request("GET", "http://server/v0/x", {"user-agent": "us"})


def settings(**given: Any) -> Settings:
    return read_settings(is_production=True, base_url="http://server", environ={}, **given)


def tokens(driven: Driven[Any]) -> list[str | None]:
    return [request.headers.get("authorization") for request in driven.requests]


# The token ---------------------------------------------------------------------------------------------------------


def test_a_request_has_the_token_that_a_real_server_accepts() -> None:
    driven = Driven(authorized(settings(signing_key=KEY), REQUEST), [answer(200)])

    assert tokens(driven) == [f"Bearer {TOKEN}"]
    assert driven.requests[0].headers["user-agent"] == "us"
    assert f"Bearer {TOKEN}" == sent_to_server("signed_mode_sync")[0]["headers"]["authorization"]


def test_a_request_without_a_key_has_no_token() -> None:
    assert tokens(Driven(authorized(settings(), REQUEST), [answer(401)])) == [None]


@pytest.mark.parametrize("status", [401, 403])
def test_a_request_that_is_not_accepted_is_repeated_with_the_fallback_key(status: int) -> None:
    driven = Driven(
        authorized(settings(signing_key=KEY, signing_key_fallback="ff"), REQUEST), [answer(status), answer(200)]
    )

    first, second = tokens(driven)
    assert (first, driven.result.status) == (f"Bearer {TOKEN}", 200)
    assert second not in {None, first}


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_no_other_answer_has_a_request_repeated(status: int) -> None:
    driven = Driven(authorized(settings(signing_key=KEY, signing_key_fallback="ff"), REQUEST), [answer(status)])

    assert (len(driven.requests), driven.result.status) == (1, status)


def test_a_request_is_not_repeated_without_a_fallback_key() -> None:
    assert Driven(authorized(settings(signing_key=KEY), REQUEST), [answer(401)]).result.status == 401


def test_every_request_says_who_asks() -> None:
    assert outgoing_headers(settings(env="branch"), "flask") == {
        "content-type": "application/json",
        "x-inngest-sdk": f"inngest_py:v{VERSION}",
        "x-inngest-req-version": "2",
        "user-agent": f"inngest_py:v{VERSION}",
        "x-inngest-env": "branch",
        "x-inngest-framework": "flask",
    }
    assert {"x-inngest-env", "x-inngest-framework"} & set(outgoing_headers(settings())) == set()


# Registering -------------------------------------------------------------------------------------------------------


def registered(*answers: Response | Exception, deploy_id: str | None = None) -> Driven[Any]:
    return Driven(register(settings(signing_key=KEY), "flask", deploy_id, b"{}"), answers)


def test_an_app_is_registered_and_the_answer_passed_on() -> None:
    exchange = sent_to_server("signed_mode_sync")[0]

    driven = registered(answer(200, exchange["response"]["body"]))

    (request,) = driven.requests
    assert (request.method, request.url, request.body) == ("POST", "http://server/fn/register", b"{}")
    assert request.headers["x-inngest-expected-server-kind"] == exchange["headers"]["x-inngest-expected-server-kind"]
    assert request.headers["authorization"] == exchange["headers"]["authorization"]
    assert driven.result == exchange["response"]["body"]


def test_the_id_of_a_deployment_is_passed_on() -> None:
    assert (
        registered(answer(200, {}), deploy_id="a b&c").requests[0].url == "http://server/fn/register?deployId=a+b%26c"
    )


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(401, b"Authentication failed\n"), "with status 401: Authentication failed"),
        (
            answer(400, {"error": "Expected server kind dev, got cloud"}),
            "status 400: Expected server kind dev, got cloud",
        ),
        (answer(400, {"error": "At least one function is invalid", "data": None}), "At least one function is invalid"),
        (answer(200, b"<html>hello</html>"), "with status 200: <html>hello</html>"),
        (answer(200, []), "with status 200: []"),
        (answer(502, b""), "with status 502: nothing"),
    ],
)
def test_a_registration_that_was_not_accepted_is_a_failure(response: Response, said: str) -> None:
    driven = registered(response)

    assert isinstance(driven.error, ServerError)
    assert str(driven.error).startswith("the Inngest server refused the registration")
    assert said in str(driven.error)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    assert str(registered(ServerError("cannot be reached")).error) == "cannot be reached"


def test_registering_gives_up_before_the_server_does() -> None:
    (timeout,) = registered(answer(200, {})).timeouts

    assert timeout is not None
    assert timeout < 10


# State -------------------------------------------------------------------------------------------------------------


def large_call() -> Call:
    request = request_of(sent_to_app("signed_mode_use_api")[2])
    return read_call(request.query, request.body)


def test_the_state_of_a_call_is_fetched_as_a_real_server_gives_it() -> None:
    fetched = {e["path"].rpartition("/")[2]: e["response"]["body"] for e in sent_to_server("signed_mode_use_api")[1:3]}
    call = large_call()
    assert (call.use_api, call.steps) == (True, {})

    driven = Driven(
        fetch_state(settings(signing_key=KEY), call), [answer(200, fetched["actions"]), answer(200, fetched["batch"])]
    )

    assert [request.url for request in driven.requests] == [
        f"http://server/v0/runs/{call.run_id}/actions",
        f"http://server/v0/runs/{call.run_id}/batch",
    ]
    assert tokens(driven) == [f"Bearer {TOKEN}"] * 2
    assert driven.result == replace(call, steps=fetched["actions"], use_api=False)
    assert all(timeout is not None and timeout >= 60 for timeout in driven.timeouts)


def test_the_events_of_a_batch_are_fetched_too() -> None:
    events = [{"name": "a/b", "data": {"i": number}} for number in range(3)]

    driven = Driven(fetch_state(settings(), large_call()), [answer(200, {}), answer(200, events)])

    assert [event.data for event in driven.result.events] == [{"i": 0}, {"i": 1}, {"i": 2}]


def test_a_call_that_has_its_state_needs_no_request() -> None:
    call = replace(large_call(), use_api=False)

    driven = Driven(fetch_state(settings(), call), [])

    assert driven.result is call


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([answer(410, b"gone")], "could not be fetched: status 410"),
        ([answer(200, b"<html>")], "could not be read: the body is not JSON"),
        ([answer(200, []), answer(200, [])], "is not an object of steps"),
        ([answer(200, {}), answer(500, b"")], "could not be fetched: status 500"),
        ([ServerError("cannot be reached")], "cannot be reached"),
    ],
)
def test_state_that_cannot_be_had_is_a_failure(answers: list[Response | Exception], said: str) -> None:
    driven = Driven(fetch_state(settings(), large_call()), answers)

    assert isinstance(driven.error, ServerError)
    assert said in str(driven.error)
