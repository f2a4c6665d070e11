"""`INNGEST = {...}`: the client that it describes, and what is said of one that it does not."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import inngest_py as inngest
from harnesses import set_up_django

set_up_django()

from django.apps import apps  # noqa: E402 - needs settings
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.test import override_settings  # noqa: E402

import inngest_django  # noqa: E402
from inngest_django.configuration import OF_THE_CLIENT, OF_THE_VIEW, client_of_settings, make_client  # noqa: E402

ELSEWHERE = inngest.Inngest(app_id="elsewhere", is_production=False)
KEY = "signkey-test-0123456789abcdef0123456789abcdef"


class Silent(inngest.Middleware):
    """Does nothing."""


def refusal(given: Any) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        make_client(given)
    return str(caught.value)


def test_every_setting_reaches_the_client() -> None:
    client = make_client(
        {
            "APP_ID": "shop",
            "APP_VERSION": "2",
            "IS_PRODUCTION": True,
            "ENV": "staging",
            "EVENT_KEY": "event-key",
            "SIGNING_KEY": KEY,
            "SIGNING_KEY_FALLBACK": None,
            "BASE_URL": "https://inngest.example.com",
            "EVENT_API_BASE_URL": "https://events.example.com",
            "LOGGER": "shop.inngest",
            "MIDDLEWARE": [f"{__name__}.Silent", Silent],
            "CHECKPOINTING": False,
            "REQUEST_TIMEOUT": "5s",
        }
    )

    assert (client.app_id, client.app_version, client.is_production) == ("shop", "2", True)
    assert (client.settings.env, client.settings.event_key) == ("staging", "event-key")
    assert (client.settings.api_origin, client.settings.event_api_origin) == (
        "https://inngest.example.com",
        "https://events.example.com",
    )
    assert client.settings.signing_keys == (client.settings.signing_key,)
    assert client.logger is logging.getLogger("shop.inngest")
    assert [getattr(each, "__name__", "") for each in client.middleware] == ["Silent", "Silent"]
    assert client.checkpointing is None
    assert client.transport._timeout == 5


def test_what_is_not_set_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_DEV", "1")
    monkeypatch.setenv("INNGEST_EVENT_KEY", "of the environment")

    client = make_client({"APP_ID": "shop", "IS_PRODUCTION": None})

    assert (client.is_production, client.settings.event_key) == (False, "of the environment")


def test_a_client_may_be_made_elsewhere() -> None:
    assert make_client({"CLIENT": f"{__name__}.ELSEWHERE"}) is ELSEWHERE


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["APP_ID"], "INNGEST is not a dict but ['APP_ID']. "),
        ({}, 'INNGEST has no "APP_ID". '),
        ({"APP_ID": "shop", "SINGING_KEY": ""}, "INNGEST has no setting 'SINGING_KEY'. Did you mean \"SIGNING_KEY\"?"),
        ({"APP_ID": "shop", "COLOUR": "red"}, "INNGEST has no setting 'COLOUR'. Those are API_BASE_URL, APP_ID, "),
        ({"APP_ID": 5}, 'INNGEST["APP_ID"] is of type int. It must be of type str, or None.'),
        ({"APP_ID": "shop", "MAX_BODY": True}, 'INNGEST["MAX_BODY"] is of type bool. It must be of type int, or None.'),
        ({"APP_ID": "a b"}, "INNGEST: app_id='a b' is not valid"),
        ({"APP_ID": "shop", "MIDDLEWARE": ["nowhere.Nothing"]}, "INNGEST: No module named 'nowhere'"),
        ({"CLIENT": "nowhere.client"}, "INNGEST[\"CLIENT\"]: No module named 'nowhere'"),
        ({"CLIENT": "logging.INFO"}, 'INNGEST["CLIENT"] names 20, which is not a client.'),
        ({"CLIENT": "shop.client", "ENV": "e"}, 'INNGEST has "CLIENT" and also ENV. '),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(given: Any, message: str) -> None:
    assert refusal(given).startswith(message)


def test_the_settings_are_the_arguments_of_the_client_and_of_serve() -> None:
    of_a_client = {*inngest.Inngest.__init__.__annotations__} - {"return", "http_client"}
    of_serve = {*inngest_django.serve.__annotations__} - {"return", "client", "functions"}

    assert {name.lower() for name in OF_THE_CLIENT} == of_a_client
    assert {name.lower() for name in OF_THE_VIEW} == of_serve


def test_the_client_of_the_settings_is_one_for_all_who_import_it() -> None:
    from inngest_django import client

    assert client is client_of_settings()
    assert (client.app_id, client.is_production) == ("django-shop", False)


def test_a_project_without_settings_is_told_so() -> None:
    with override_settings(INNGEST=None), pytest.raises(ImproperlyConfigured, match="there is no client: set INNGEST"):
        client_of_settings.__wrapped__()


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    missing = "clients"

    with pytest.raises(AttributeError, match="module 'inngest_django' has no attribute 'clients'"):
        getattr(inngest_django, missing)


def test_functions_are_found_in_every_installed_app() -> None:
    functions = {function.local_id: function.__module__ for function in client_of_settings().functions}

    assert apps.is_installed("orders")
    assert functions["pack"] == "orders.inngest_functions"


def test_what_this_package_declares_is_declared_once_when_a_test_changes_the_apps() -> None:
    before = client_of_settings().functions

    with override_settings(INSTALLED_APPS=["inngest_django"]):
        assert client_of_settings().functions == before
