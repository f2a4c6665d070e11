"""What is only so for Lambda: stages, doubled values, bytes, and who calls it."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest

import gateways
import inngest_py as inngest
from inngest_lambda import serve
from inngest_py.testing.conformance.asking import ORIGIN, call, get, post, put

THING = inngest.TriggerEvent(event="thing/happened")
EVENTS = [
    gateways.function_url,
    gateways.rest_api,
    gateways.load_balancer,
    gateways.load_balancer_of_several,
]
SYNC = put(x_inngest_sync_kind="in_band")


@pytest.fixture
def client() -> inngest.Inngest:
    client = inngest.Inngest(app_id="app", is_production=False)

    @client.create_function(fn_id="long", trigger=THING)
    def long(_ctx: inngest.ContextSync) -> str:
        return "x" * 100_000

    return client


def url_of(result: dict[str, Any]) -> str:
    url: str = json.loads(result["body"])["url"]
    return url


def test_a_stage_is_part_of_the_url(client: inngest.Inngest) -> None:
    event = gateways.rest_api(SYNC)
    event["requestContext"]["path"] = "/prod/api/inngest"

    assert url_of(serve(client)(event, None)) == f"{ORIGIN}/prod/api/inngest"


def test_whoever_calls_is_answered_over_https_unless_it_says_otherwise(client: inngest.Inngest) -> None:
    event = gateways.function_url(SYNC)
    del event["headers"]["x-forwarded-proto"]
    del event["headers"]["host"]

    assert url_of(serve(client)(event, None)) == "https://app.test:8000/api/inngest"


@pytest.mark.parametrize("make", EVENTS)
def test_a_large_reply_is_compressed_where_a_body_may_be_bytes(make: Any, client: inngest.Inngest) -> None:
    request = call("app-long")
    event = make(replace(request, headers={**request.headers, "Accept-Encoding": "gzip"}))

    result = serve(client)(event, None)

    if make is gateways.rest_api:
        assert (result["isBase64Encoded"], len(result["body"])) == (False, 100_002)
    else:
        assert result["isBase64Encoded"] is True
        assert len(gzip.decompress(b64decode(result["body"]))) == 100_002


@pytest.mark.parametrize("make", EVENTS)
def test_headers_are_answered_in_the_form_in_which_they_came(make: Any, client: inngest.Inngest) -> None:
    result = serve(client)(make(get()), None)

    several = make is gateways.load_balancer_of_several
    assert ("multiValueHeaders" in result, "headers" in result) == (several, not several)


@pytest.mark.parametrize("make", [gateways.rest_api, gateways.load_balancer_of_several])
def test_of_a_repeated_parameter_the_last_value_counts(make: Any, client: inngest.Inngest) -> None:
    event = make(post("fnId=app-gone&stepId=step&fnId=app-long", call("x").body))

    assert serve(client)(event, None)["statusCode"] == 200


def test_a_load_balancer_has_the_query_as_it_was_sent(client: inngest.Inngest) -> None:
    event = gateways.load_balancer(replace(call("app-long"), url=f"{ORIGIN}/api/inngest?fnId=app%2Dlong&stepId=step"))
    assert event["queryStringParameters"]["fnId"] == "app%2Dlong"

    assert serve(client)(event, None)["statusCode"] == 200


def test_a_header_that_came_twice_is_one() -> None:
    event = gateways.rest_api(get())
    event["multiValueHeaders"]["x-inngest-server-kind"] = ["dev", "cloud"]

    result = serve(inngest.Inngest(app_id="app", is_production=False))(event, None)

    assert result["statusCode"] == 403


def test_an_event_without_what_is_optional_is_read(client: inngest.Inngest) -> None:
    bare = {"httpMethod": "GET", "path": "/", "headers": None, "body": None, "isBase64Encoded": False}

    assert serve(client)(bare, None)["statusCode"] == 200


@pytest.mark.parametrize("event", [{}, {"source": "aws.events", "detail-type": "Scheduled Event"}])
def test_an_event_that_is_about_something_else_is_refused_with_what_to_do(
    event: dict[str, Any], client: inngest.Inngest
) -> None:
    with pytest.raises(inngest.UsageError, match="a function URL, an API Gateway or a load balancer"):
        serve(client)(event, None)


def test_replies_are_never_streamed(client: inngest.Inngest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_STREAMING", "force")

    streaming = inngest.Inngest(app_id="app", is_production=False)
    result = serve(streaming, client.functions)(gateways.function_url(call("app-long")), None)

    assert result["statusCode"] == 200
