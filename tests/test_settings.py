"""What an app is configured to be: arguments before variables, and errors that name the one at fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from inngest_py import Inngest
from inngest_py.errors import ConfigError
from inngest_py.settings import Settings, child_environment, read_settings

KEY = "signkey-test-0123456789abcdef"
DEV = "http://127.0.0.1:8288"
CLOUD = ("https://api.inngest.com", "https://inn.gs")


def settings(environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    return read_settings(environ=environ or {}, **arguments)


def origins(found: Settings) -> tuple[str, str]:
    return found.api_origin, found.event_api_origin


# Modes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1", "true", "yes", "on", "http://localhost:9000"])
def test_an_app_is_in_development_if_the_variable_says_so(value: str) -> None:
    found = settings({"INNGEST_DEV": value})

    assert (found.dev, found.server_kind, found.allow_unsigned_sync) == (True, "dev", True)


@pytest.mark.parametrize("environ", [{}, *({"INNGEST_DEV": no} for no in ("", "0", "false", "False", " no ", "off"))])
def test_an_app_is_in_production_unless_the_variable_says_otherwise(environ: dict[str, str]) -> None:
    found = settings(environ)

    assert (found.dev, found.server_kind) == (False, "cloud")
    assert origins(found) == CLOUD


@pytest.mark.parametrize(("is_production", "dev"), [(True, False), (False, True)])
@pytest.mark.parametrize("variable", ["0", "1"])
def test_the_argument_comes_before_the_variable(is_production: bool, dev: bool, variable: str) -> None:
    assert settings({"INNGEST_DEV": variable}, is_production=is_production).dev is dev


@pytest.mark.parametrize(("value", "allowed"), [("false", False), ("0", False), ("true", True), ("", False)])
def test_an_unsigned_sync_can_be_forbidden_in_production(value: str, allowed: bool) -> None:
    assert settings({"INNGEST_ENABLE_UNAUTHED_SYNC": value}).allow_unsigned_sync is allowed


def test_an_unsigned_sync_is_allowed_if_nothing_is_said() -> None:
    assert settings().allow_unsigned_sync


@pytest.mark.parametrize("variable", ["INNGEST_DEV", "INNGEST_ENABLE_UNAUTHED_SYNC"])
@pytest.mark.parametrize("value", ["production", "none", "disabled", "n", "maybe"])
def test_what_is_neither_yes_nor_no_is_refused_for_a_guess_would_be_unsafe(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f'{variable}="{value}" is neither yes nor no'):
        settings({variable: value})
    with pytest.raises(ConfigError, match=f'{variable}="{value}" is neither yes nor no'):
        settings({"INNGEST_DEV": "1", variable: value})


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "arguments", "expected"),
    [
        ({"INNGEST_DEV": "1"}, {}, (DEV, DEV)),
        ({"INNGEST_DEV": "http://dev:9000/"}, {}, ("http://dev:9000", "http://dev:9000")),
        ({"INNGEST_DEV": "http://dev:9000"}, {"is_production": True}, CLOUD),
        ({"INNGEST_BASE_URL": "http://base"}, {}, ("http://base", "http://base")),
        ({"INNGEST_DEV": "http://dev", "INNGEST_BASE_URL": "http://base"}, {}, ("http://base", "http://base")),
        ({"INNGEST_BASE_URL": "http://base"}, {"base_url": "http://mine"}, ("http://mine", "http://mine")),
        (
            {"INNGEST_BASE_URL": "http://base", "INNGEST_API_BASE_URL": "http://api"},
            {"base_url": "http://mine"},
            ("http://api", "http://mine"),
        ),
        (
            {"INNGEST_EVENT_API_BASE_URL": "http://events", "INNGEST_API_BASE_URL": "http://api"},
            {"api_base_url": "http://mine"},
            ("http://mine", "http://events"),
        ),
        ({}, {"event_api_base_url": "https://events/path/"}, (CLOUD[0], "https://events/path")),
        ({"INNGEST_BASE_URL": " http://base\n"}, {}, ("http://base", "http://base")),
        ({"INNGEST_BASE_URL": " "}, {}, CLOUD),
        ({}, {"base_url": "http://[::1]:8288"}, ("http://[::1]:8288", "http://[::1]:8288")),
    ],
)
def test_an_address_comes_from_whoever_is_most_specific(
    environ: dict[str, str], arguments: dict[str, str], expected: tuple[str, str]
) -> None:
    assert origins(settings(environ, **arguments)) == expected


@pytest.mark.parametrize(
    ("environ", "arguments", "named"),
    [
        ({}, {"base_url": "ftp://base"}, 'base_url="ftp://base"'),
        ({}, {"api_base_url": "api.inngest.com"}, 'api_base_url="api.inngest.com"'),
        ({}, {"event_api_base_url": "http://"}, 'event_api_base_url="http://"'),
        ({"INNGEST_BASE_URL": "http://["}, {}, 'INNGEST_BASE_URL="http://["'),
        ({"INNGEST_API_BASE_URL": "http://a:port"}, {}, 'INNGEST_API_BASE_URL="http://a:port"'),
        ({"INNGEST_EVENT_API_BASE_URL": "http://a:99999"}, {}, 'INNGEST_EVENT_API_BASE_URL="http://a:99999"'),
        ({"INNGEST_DEV": "dev-server:8288"}, {}, 'INNGEST_DEV="dev-server:8288"'),
        ({"INNGEST_DEV": "ftp://dev"}, {}, 'INNGEST_DEV="ftp://dev"'),
    ],
)
def test_an_address_that_is_none_is_named_by_whoever_gave_it(
    environ: dict[str, str], arguments: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(environ, **arguments)

    assert str(caught.value).startswith(f"{named} is not an http or https URL")


# Keys --------------------------------------------------------------------------------------------------------------


def test_the_keys_come_from_arguments_or_variables() -> None:
    environ = {"INNGEST_SIGNING_KEY": "aa", "INNGEST_SIGNING_KEY_FALLBACK": "bb", "INNGEST_EVENT_KEY": "cc\n"}

    given, mixed = settings(environ), settings(environ, signing_key="dd", event_key="ee")

    assert [key.digest() for key in given.signing_keys] == [
        key.digest() for key in settings(signing_key="aa", signing_key_fallback="bb").signing_keys
    ]
    assert (given.event_key, mixed.event_key) == ("cc", "ee")
    assert mixed.signing_keys[0].digest() != given.signing_keys[0].digest()
    assert mixed.signing_keys[1].digest() == given.signing_keys[1].digest()


def test_an_app_without_keys_has_none() -> None:
    found = settings({"INNGEST_EVENT_KEY": "", "INNGEST_SIGNING_KEY": " "})

    assert (found.event_key, found.signing_key, found.signing_keys) == (None, None, ())


@pytest.mark.parametrize(
    ("environ", "arguments", "named"),
    [
        ({}, {"signing_key": "hunter2"}, "signing_key: "),
        ({}, {"signing_key_fallback": "hunter2"}, "signing_key_fallback: "),
        ({"INNGEST_SIGNING_KEY": "hunter2"}, {}, "INNGEST_SIGNING_KEY: "),
        ({"INNGEST_SIGNING_KEY_FALLBACK": "hunter2"}, {}, "INNGEST_SIGNING_KEY_FALLBACK: "),
    ],
)
def test_a_key_that_is_none_is_named_and_not_shown(
    environ: dict[str, str], arguments: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(environ, **arguments)

    assert str(caught.value).startswith(f"{named}the signing key must be")
    assert "hunter2" not in str(caught.value)


def test_settings_show_no_key() -> None:
    found = settings(signing_key=KEY, signing_key_fallback=KEY, event_key="event-secret")

    assert repr(found) == "Settings(cloud, api_origin='https://api.inngest.com', event_api_origin='https://inn.gs')"
    assert repr(settings(is_production=False)).startswith("Settings(dev, ")


# The rest ----------------------------------------------------------------------------------------------------------


def test_the_environment_and_the_place_of_the_app_may_be_told() -> None:
    environ = {"INNGEST_ENV": "branch", "INNGEST_SERVE_ORIGIN": "https://a", "INNGEST_SERVE_PATH": "/x"}

    found = settings(environ)

    assert (found.env, found.serve_origin, found.serve_path) == ("branch", "https://a", "/x")
    assert settings(environ, env="other").env == "other"


BRANCHES = [
    "INNGEST_ENV",
    "BRANCH_NAME",
    "VERCEL_GIT_COMMIT_REF",
    "BRANCH",
    "CF_PAGES_BRANCH",
    "RENDER_GIT_BRANCH",
    "RAILWAY_GIT_BRANCH",
]


@pytest.mark.parametrize("first", range(len(BRANCHES)))
def test_the_environment_is_the_branch_that_a_platform_deploys(first: int) -> None:
    environ = {name: f"of {name}" for name in BRANCHES[first:]}

    assert settings(environ).env == f"of {BRANCHES[first]}"


@pytest.mark.parametrize(
    ("environ", "platform"),
    [
        ({"VERCEL": "1"}, "vercel"),
        ({"NETLIFY": "true"}, "netlify"),
        ({"CF_PAGES": "1"}, "cloudflare-pages"),
        ({"RENDER": "true"}, "render"),
        ({"RAILWAY_ENVIRONMENT": "production"}, "railway"),
        ({"VERCEL": "0", "NETLIFY": "false", "CF_PAGES": "", "RENDER": "1", "RAILWAY_ENVIRONMENT": ""}, None),
        ({}, None),
    ],
)
def test_a_platform_is_known_by_its_variable(environ: dict[str, str], platform: str | None) -> None:
    assert settings(environ).platform == platform


@pytest.mark.parametrize("value", ["force", "allow", "true", "1", "TRUE", " Force "])
def test_streaming_can_be_switched_on(value: str) -> None:
    assert settings({"INNGEST_STREAMING": value}).streaming


@pytest.mark.parametrize("environ", [{}, *({"INNGEST_STREAMING": no} for no in ("", "disable", "false", "0", "FALSE"))])
def test_streaming_is_off_otherwise(environ: dict[str, str]) -> None:
    assert not settings(environ).streaming


@pytest.mark.parametrize(
    ("value", "level"),
    [("debug", 10), ("INFO", 20), ("warn", 30), ("warning", 30), ("error", 40), ("fatal", 50), ("silent", 51)],
)
def test_the_level_of_the_log_may_be_told(value: str, level: int) -> None:
    assert settings({"INNGEST_LOG_LEVEL": value}).log_level == level


def test_the_level_of_the_log_is_the_hosts_business_otherwise() -> None:
    assert settings().log_level is None
    assert settings({"INNGEST_LOG_LEVEL": ""}).log_level is None


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match='INNGEST_LOG_LEVEL="loud" must be one of debug, info, warn'):
        settings({"INNGEST_LOG_LEVEL": "loud"})


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("inngest_py")
    before = logger.level
    yield logger
    logger.setLevel(before)


def test_the_level_is_set_on_the_default_logger_only(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    own = logging.getLogger("of.the.app")
    monkeypatch.setenv("INNGEST_LOG_LEVEL", "error")

    assert Inngest(app_id="app", is_production=False, logger=own).logger is own
    assert (own.level, logger.level) == (logging.NOTSET, logging.NOTSET)
    assert Inngest(app_id="app", is_production=False).logger is logger
    assert logger.level == logging.ERROR


@pytest.mark.parametrize(("value", "threads"), [(None, None), ("", None), ("0", 0), ("12", 12)])
def test_the_number_of_threads_may_be_told(value: str | None, threads: int | None) -> None:
    environ = {} if value is None else {"INNGEST_THREAD_POOL_MAX_WORKERS": value}

    assert settings(environ).threads == threads


@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=f'INNGEST_THREAD_POOL_MAX_WORKERS="{value}" must be a number from 0'):
        settings({"INNGEST_THREAD_POOL_MAX_WORKERS": value})


def test_the_environment_of_the_process_is_read_if_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_DEV", "1")

    assert read_settings().dev


def test_an_app_started_by_the_dev_server_uses_it_whatever_else_is_set() -> None:
    environ = {"PATH": "/bin", "INNGEST_BASE_URL": "http://a", "INNGEST_API_BASE_URL": "b", "INNGEST_DEV": "0"}

    assert child_environment(DEV, environ) == {"PATH": "/bin", "INNGEST_DEV": DEV}


def test_an_app_started_by_the_dev_server_has_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "1")

    assert child_environment(DEV)["SHOP"] == "1"
