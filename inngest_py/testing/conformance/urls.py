"""Where an app is: what is believed of a proxy, and what is said to the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from inngest_py import Inngest, Request
from inngest_py.testing.conformance.api import Api
from inngest_py.testing.conformance.asking import ORIGIN, put, read, signed
from inngest_py.testing.conformance.harness import PATH, Mount
from inngest_py.testing.conformance.hosting import Host

ServeMounts = Callable[..., Host]
PROXIED = {
    "X-Forwarded-Host": "elsewhere.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/behind",
    "Forwarded": "host=elsewhere.example;proto=https",
    "X-Original-URL": "/elsewhere",
    "X-Script-Name": "/behind",
}


class Urls:
    """The cases about where an app is."""

    @pytest.mark.parametrize("name", PROXIED)
    def test_what_a_proxy_says_is_not_believed_unasked(
        self, name: str, dev: Inngest, host: ServeMounts, api: Api
    ) -> None:
        response = host(dev).send(proxied(name))

        assert response.status == 200
        assert registered(api) == f"{ORIGIN}{PATH}"

    def test_where_an_app_is_behind_a_proxy_can_be_said(self, dev: Inngest, host: ServeMounts, api: Api) -> None:
        options = {"serve_origin": "https://example.com", "serve_path": "/behind/a/proxy"}

        host(Mount(dev, options=options)).send(put())

        assert registered(api) == "https://example.com/behind/a/proxy"

    def test_where_an_app_is_can_be_said_in_variables(
        self, host: ServeMounts, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("INNGEST_SERVE_ORIGIN", "https://example.com")
        monkeypatch.setenv("INNGEST_SERVE_PATH", "/behind")

        host(Inngest(app_id="app", is_production=False, base_url=api.url)).send(put())

        assert registered(api) == "https://example.com/behind"

    def test_in_production_nobody_else_says_where_an_app_is(self, cloud: Inngest, host: ServeMounts, api: Api) -> None:
        response = host(cloud).send(proxied(*PROXIED))

        assert response.status == 400
        assert "INNGEST_SERVE_ORIGIN" in read(response)["message"]
        assert api.requests == []

    def test_in_production_the_server_says_where_it_finds_an_app(self, cloud: Inngest, host: ServeMounts) -> None:
        body = b'{"url":"https://example.com/found/here"}'

        response = host(cloud).send(signed(put(body=body, x_inngest_sync_kind="in_band")))

        assert read(response)["url"] == "https://example.com/found/here"

    def test_a_path_keeps_its_percent_encoding(self, dev: Inngest, host: ServeMounts, api: Api) -> None:
        host(Mount(dev, path="/where functions é live")).send(put(f"{ORIGIN}/where%20functions%20%C3%A9%20live"))

        assert registered(api) == f"{ORIGIN}/where%20functions%20%C3%A9%20live"


def proxied(*names: str) -> Request:
    """Registration with headers that a proxy sets, or somebody else."""
    request = put()
    return replace(request, headers={**request.headers, **{name: PROXIED[name] for name in names}})


def registered(api: Api) -> str:
    """The URL that the app was registered with."""
    (sent,) = api.requests
    url: str = json.loads(sent.body)["url"]
    return url
