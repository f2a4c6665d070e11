"""`manage.py inngest_sync` and `manage.py inngest_dev`."""

from __future__ import annotations

import io
import json
import re
import runpy
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import inngest_py as inngest
from harnesses import set_up_django, urlpatterns
from inngest_py.testing.conformance.api import Api, serving_api

set_up_django()

from django.core.management import CommandError, call_command  # noqa: E402 - needs settings
from django.urls import clear_url_caches, include, path, re_path  # noqa: E402

from inngest_django import serve  # noqa: E402

KEY = "signkey-test-0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with serving_api() as api:
        yield api


@pytest.fixture(autouse=True)
def _fresh(api: Api) -> Iterator[None]:
    api.begin_anew()
    yield
    mount()


def mount(*patterns: Any) -> None:
    urlpatterns[:] = patterns
    clear_url_caches()


def client_for(api: Api, **options: Any) -> inngest.Inngest:
    client = inngest.Inngest(app_id="shop", base_url=api.url, **options)

    @client.create_function(fn_id="plain", trigger=inngest.TriggerEvent(event="thing/happened"))
    def function(_ctx: inngest.ContextSync) -> None:
        """Do nothing."""

    return client


def sync(**options: Any) -> str:
    output = io.StringIO()
    call_command("inngest_sync", stdout=output, **options)
    return output.getvalue()


def test_an_app_is_registered_without_being_up(api: Api) -> None:
    mount(path("api/inngest", serve(client_for(api, is_production=False))))

    assert sync() == 'app "shop" at http://127.0.0.1:8000/api/inngest: registered, 1 functions\n'
    (request,) = api.requests
    body = json.loads(request.body)
    assert (body["url"], [each["id"] for each in body["functions"]]) == (
        "http://127.0.0.1:8000/api/inngest",
        ["shop-plain"],
    )


def test_an_app_in_production_is_registered_where_it_says_or_is_said_to_be(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNGEST_ENABLE_UNAUTHED_SYNC", "false")
    api.body = {"ok": True, "modified": False}
    client = client_for(api, is_production=True, signing_key=KEY)
    mount(path("inngest", serve(client, serve_origin="https://shop.example.com/")))

    assert sync() == 'app "shop" at https://shop.example.com/inngest: known already, and unchanged, 1 functions\n'
    assert "https://other.example.com/inngest: known" in sync(origin="https://other.example.com")
    assert [json.loads(request.body)["url"] for request in api.requests] == [
        "https://shop.example.com/inngest",
        "https://other.example.com/inngest",
    ]


def test_an_app_behind_a_proxy_is_registered_where_the_proxy_has_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(api, is_production=False)
    mount(path("inngest", serve(client, serve_path="behind/inngest")))
    assert "http://127.0.0.1:8000/behind/inngest: registered" in sync()

    monkeypatch.setenv("INNGEST_SERVE_PATH", "/said")
    mount(path("inngest", serve(client_for(api, is_production=False))))
    assert "https://shop.example.com/said: registered" in sync(origin="https://shop.example.com/")


@pytest.mark.parametrize("route", ["<tenant>/", r"^(?P<tenant>\w+)/", r"^v1\.0/"])
def test_a_pattern_is_registered_where_it_is_said_to_be_and_not_otherwise(api: Api, route: str) -> None:
    client = client_for(api, is_production=False)
    to = path if route.startswith("<") else re_path
    mount(to(route, include([path("inngest", serve(client))])))
    with pytest.raises(CommandError, match="is a pattern and no path: say which one the server is to call"):
        sync()

    mount(to(route, include([path("inngest", serve(client, serve_path="/acme/inngest"))])))
    assert 'app "shop" at http://127.0.0.1:8000/acme/inngest: registered' in sync()


def test_registering_changes_nothing_in_the_app(api: Api) -> None:
    client = client_for(api, is_production=True, signing_key=KEY)
    settings = client.settings
    mount(path("inngest", serve(client)))

    sync(origin="https://shop.example.com")

    assert client.settings is settings


def test_what_cannot_be_registered_is_an_error_of_the_command(api: Api) -> None:
    with pytest.raises(CommandError, match="no functions are served: add path"):
        sync()

    mount(path("inngest", serve(client_for(api, is_production=True, signing_key=KEY))))
    with pytest.raises(CommandError, match="say where the server finds this project: --origin"):
        sync()

    for origin in ("shop.example.com", "ftp://shop.example.com", "https://", "https://[", "https://shop:0", ""):
        with pytest.raises(CommandError, match=rf"^--origin {re.escape(origin)} is not an http or https URL: write it"):
            sync(origin=origin)

    api.status, api.body = 401, {"error": "no such key"}
    with pytest.raises(CommandError, match=r'app "shop" was not registered: .*no such key'):
        sync(origin="https://shop.example.com")


@pytest.mark.parametrize(
    ("command", "option", "message"),
    [
        ("inngest_drain", "--database=nowhere", "invalid choice: 'nowhere'"),
        ("inngest_drain", "--every=-1", "--every -1 is no pause: say how many seconds"),
        ("inngest_drain", "--every=nan", "--every nan is no pause"),
        ("inngest_prune", "--days=-1", "--days -1 cannot be: say how many days"),
        ("inngest_prune", "--days=1e12", "--days 1e[+]12 cannot be"),
    ],
)
def test_what_an_option_cannot_be_is_an_error_of_the_command(command: str, option: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command(command, option)


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        ([], ["127.0.0.1:8000"], ["8000"]),
        (["0.0.0.0:9000", "--noreload"], ["127.0.0.1:9000"], ["0.0.0.0:9000", "--noreload"]),
        (
            ["--allowed-host", "dev.test", "--allowed-host", "x.test"],
            ["127.0.0.1:8000", "--allowed-host", "dev.test", "--allowed-host", "x.test"],
            ["8000"],
        ),
        (["8000", "--persist", "dev.db"], ["127.0.0.1:8000", "--persist", "dev.db"], ["8000"]),
        (
            ["shop.test:9000", "--port", "8299", "--persist", "--retry-interval", "1", "--json", "--settings", "a.b"],
            ["shop.test:9000", "--port", "8299", "--retry-interval", "1", "--json", "--persist"],
            ["shop.test:9000", "--settings=a.b"],
        ),
    ],
)
def test_a_dev_server_starts_with_runserver_beside_it(
    given: list[str], before: list[str], after: list[str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    view = serve(client_for(api, is_production=False))
    mount(path("api/inngest", view), path("<tenant>/inngest", view))
    monkeypatch.setattr(sys, "argv", ["manage.py", "inngest_dev", *given])
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: started.append([name, *sys.argv[1:]]))
    monkeypatch.setattr("django.utils.autoreload.get_child_arguments", lambda: [sys.executable, *sys.argv])

    errors = io.StringIO()
    call_command("inngest_dev", *given, stderr=errors)

    address, *options = before
    server = ["inngest_py", "dev", "--sdk-url", f"http://{address}/api/inngest", *options]
    assert started == [[*server, "--", sys.executable, "manage.py", "runserver", *after]]
    assert errors.getvalue() == "/<tenant>/inngest is a pattern and no path: tell the dev server of one that fits\n"
