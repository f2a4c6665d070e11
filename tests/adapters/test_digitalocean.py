"""What is only so for DigitalOcean: an event that is raw, and one that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

import gateways
import inngest_py as inngest
from inngest_digitalocean import serve
from inngest_py.testing.conformance.asking import call, put


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="app", is_production=False)


def test_where_a_function_is_has_to_be_said(client: inngest.Inngest) -> None:
    event = gateways.digitalocean(put(x_inngest_sync_kind="in_band"))
    event["http"]["path"] = ""

    result = serve(client, serve_path="/api/v1/web/fn-1/shop/inngest")(event, None)

    assert '"url":"http://app.test:8000/api/v1/web/fn-1/shop/inngest"' in result["body"]


def test_an_event_that_is_not_raw_is_refused_with_what_to_do(client: inngest.Inngest) -> None:
    event = {"ctx": {}, "http": {"headers": {}, "method": "POST", "path": ""}}

    with pytest.raises(inngest.ConfigError, match="web: raw"):
        serve(client)(event, None)


def test_a_large_answer_is_text(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="long", trigger=inngest.TriggerEvent(event="thing/happened"))
    def long(_ctx: inngest.ContextSync) -> str:
        return "x" * 100_000

    request = call("app-long")
    event = gateways.digitalocean(replace(request, headers={**request.headers, "Accept-Encoding": "gzip"}))

    result = serve(client)(event, None)

    assert (result["statusCode"], len(result["body"])) == (200, 100_002)
