"""What an app tells a server about itself, in the shapes of the protocol's sections 3.2 and 3.5."""

from __future__ import annotations

from typing import Any

import pytest

from exchanges import sent_to_app, sent_to_server
from inngest_py.version import VERSION
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.registration import call_url, in_band, out_of_band, refusal

APP: dict[str, Any] = {
    "app_id": "cap",
    "app_url": "http://a/api/inngest",
    "framework": "flask",
    "functions": [{"id": "x"}],
}


@pytest.mark.parametrize(
    ("app_url", "url"),
    [
        ("http://a/api", "http://a/api?fnId=shop-order&stepId=step"),
        ("https://a:8443/api?x=1", "https://a:8443/api?x=1&fnId=shop-order&stepId=step"),
        ("https://a/api#here", "https://a/api?fnId=shop-order&stepId=step"),
    ],
)
def test_a_function_is_called_under_the_url_of_its_app(app_url: str, url: str) -> None:
    assert call_url(app_url, "shop-order") == url


def test_a_registration_has_the_shape_that_a_real_server_accepts() -> None:
    accepted = sent_to_server("sync_out_of_band")[0]["body"]

    body = decode(out_of_band(**APP, app_version=None))

    assert body == {
        "appName": "cap",
        "capabilities": accepted["capabilities"],
        "deployType": "ping",
        "framework": "flask",
        "functions": [{"id": "x"}],
        "sdk": f"py:v{VERSION}",
        "url": "http://a/api/inngest",
        "v": accepted["v"],
    }
    known = {key.replace("_", "").lower() for key in accepted}
    assert {key.lower() for key in body} == known


def test_the_version_of_the_app_is_told_if_there_is_one() -> None:
    assert decode(out_of_band(**APP, app_version="2.1"))["appVersion"] == "2.1"


def test_what_events_look_like_is_told_in_a_field_of_our_own() -> None:
    described = {"name": "order/placed", "schema": {"type": "object"}}

    body = decode(out_of_band(**APP, app_version=None, event_types=[encode(described), encode(described)]))

    assert body.pop("eventTypes") == [described, described]
    assert body == decode(out_of_band(**APP, app_version=None))


def test_an_in_band_reply_has_the_shape_of_a_real_one() -> None:
    real = sent_to_app("sync_in_band")[0]["response"]["body"]

    body = decode(in_band(**APP, app_version=None, env=None, inspection={"mode": "cloud", "env": None}))

    assert set(body) == set(real)
    assert body["inspection"] == {"mode": "cloud"}
    assert (body["app_id"], body["sdk_language"], body["sdk_version"]) == ("cap", "py", VERSION)


def test_an_in_band_reply_tells_version_and_environment_if_there_are_any() -> None:
    body = decode(in_band(**APP, app_version="2.1", env="branch", inspection={}))

    assert (body["appVersion"], body["env"]) == ("2.1", "branch")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"error": "At least one function is invalid", "data": None, "status": 400},
            "At least one function is invalid",
        ),
        ({"error": ""}, "{'error': ''}"),
        ({"error": {"a": 1}}, "{'error': {'a': 1}}"),
        ("Authentication failed", "Authentication failed"),
        ("", "nothing"),
        (["x"], "['x']"),
        ("<html>" * 100, "<html>" * 33 + "<h"),
    ],
)
def test_a_refusal_tells_what_the_server_said(answer: object, said: str) -> None:
    error = refusal(400, answer)

    assert str(error) == f"the Inngest server refused the registration with status 400: {said}"
    assert error.status == 400
