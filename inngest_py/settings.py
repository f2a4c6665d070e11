"""What an app is configured to be: arguments first, then the `INNGEST_*` variables. The one reader of os.environ."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from inngest_py.errors import ConfigError
from inngest_py.wire.signing import SigningKey

T = TypeVar("T")

API_ORIGIN: Final = "https://api.inngest.com"
EVENT_ORIGIN: Final = "https://inn.gs"
DEV_ORIGIN: Final = "http://127.0.0.1:8288"
NO_EVENT_KEY: Final = "NO_EVENT_KEY_SET"
"""The event key in development, where none is needed (PROTOCOL 2.1)."""

ALLOWED_HOSTS: Final = "INNGEST_ALLOWED_HOSTS"
"""The variable with further names of a dev server, which has its option for them besides."""

_ORIGINS: Final = frozenset({"INNGEST_BASE_URL", "INNGEST_API_BASE_URL", "INNGEST_EVENT_API_BASE_URL"})
_Given: TypeAlias = tuple[str, str | None]
"""The name of an argument or a variable, and its value."""

BRANCHES: Final = (
    "BRANCH_NAME",
    "VERCEL_GIT_COMMIT_REF",
    "BRANCH",  # Netlify's
    "CF_PAGES_BRANCH",
    "RENDER_GIT_BRANCH",
    "RAILWAY_GIT_BRANCH",
)
"""Where platforms say which branch is deployed; an environment of Inngest is called like it."""

PLATFORMS: Final = {
    "vercel": ("VERCEL", "1"),
    "netlify": ("NETLIFY", "true"),
    "cloudflare-pages": ("CF_PAGES", "1"),
    "render": ("RENDER", "true"),
    "railway": ("RAILWAY_ENVIRONMENT", None),
}
"""Platforms, and how each shows itself: by a variable with this value, or with any."""

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
    "silent": logging.CRITICAL + 1,
}
"""The levels of the log, by the names that the official SDKs and Python have for them."""

_STREAMING: Final[Mapping[str, bool]] = {
    "force": True,
    "allow": True,
    "true": True,
    "1": True,
    "disable": False,
    "false": False,
    "0": False,
    "": False,
}
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})
_UNSIGNED_SYNC: Final = "INNGEST_ENABLE_UNAUTHED_SYNC"
_OF_URLS: Final = frozenset(":/.")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an app is configured to be. Keys never show in its repr."""

    dev: bool
    env: str | None
    event_key: str | None
    signing_key: SigningKey | None
    signing_key_fallback: SigningKey | None
    api_origin: str
    event_api_origin: str
    serve_origin: str | None
    serve_path: str | None
    allow_unsigned_sync: bool
    threads: int | None
    streaming: bool
    platform: str | None
    log_level: int | None

    def __repr__(self) -> str:
        """Show the mode and the origins, and no key."""
        mode = "dev" if self.dev else "cloud"
        return f"Settings({mode}, api_origin={self.api_origin!r}, event_api_origin={self.event_api_origin!r})"

    @property
    def server_kind(self) -> str:
        """The kind of server that this app expects, as the header names it."""
        return "dev" if self.dev else "cloud"

    @property
    def signing_keys(self) -> tuple[SigningKey, ...]:
        """The keys that a request may be signed with, the current one first."""
        return tuple(key for key in (self.signing_key, self.signing_key_fallback) if key is not None)

    def streams(self, given: object) -> bool:
        """Whether calls are streamed, where `streaming=` may say so, as its variable may. Raises ConfigError."""
        if given is None or isinstance(given, bool):
            return self.streaming if given is None else given
        if isinstance(given, str) and given.strip():
            return _one_of(_STREAMING, "streaming", given)
        raise ConfigError(f"streaming={given!r} must be True, False or None")


def read_settings(
    *,
    is_production: bool | None = None,
    env: str | None = None,
    event_key: str | None = None,
    signing_key: str | None = None,
    signing_key_fallback: str | None = None,
    base_url: str | None = None,
    api_base_url: str | None = None,
    event_api_base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Put arguments and environment together. Raises ConfigError, naming the argument or the variable at fault."""
    found = os.environ if environ is None else environ

    def given(argument: str, value: str | None, variable: str) -> tuple[_Given, _Given]:
        return (argument, value), (variable, found.get(variable))

    dev = not is_production if is_production is not None else _is_dev(found)
    base = (*given("base_url", base_url, "INNGEST_BASE_URL"), ("INNGEST_DEV", _dev_url(found) if dev else None))
    api = given("api_base_url", api_base_url, "INNGEST_API_BASE_URL")
    events = given("event_api_base_url", event_api_base_url, "INNGEST_EVENT_API_BASE_URL")
    fallback = given("signing_key_fallback", signing_key_fallback, "INNGEST_SIGNING_KEY_FALLBACK")
    return Settings(
        dev=dev,
        env=_text(*given("env", env, "INNGEST_ENV"), *((name, found.get(name)) for name in BRANCHES)),
        event_key=_text(*given("event_key", event_key, "INNGEST_EVENT_KEY")),
        signing_key=_key(*given("signing_key", signing_key, "INNGEST_SIGNING_KEY")),
        signing_key_fallback=_key(*fallback),
        api_origin=_origin(*api, *base) or API_ORIGIN,
        event_api_origin=_origin(*events, *base) or EVENT_ORIGIN,
        serve_origin=found.get("INNGEST_SERVE_ORIGIN") or None,
        serve_path=found.get("INNGEST_SERVE_PATH") or None,
        allow_unsigned_sync=_yes(_UNSIGNED_SYNC, found.get(_UNSIGNED_SYNC, "true")) or dev,
        threads=_threads(found.get("INNGEST_THREAD_POOL_MAX_WORKERS")),
        streaming=_one_of(_STREAMING, "INNGEST_STREAMING", found.get("INNGEST_STREAMING", "")),
        platform=_platform(found),
        log_level=_log_level(found.get("INNGEST_LOG_LEVEL", "")),
    )


def child_environment(dev_url: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for an app that is to use the dev server at a URL, whatever else is set here."""
    found = os.environ if environ is None else environ
    return {key: value for key, value in found.items() if key not in _ORIGINS} | {"INNGEST_DEV": dev_url}


def read_variable(name: str) -> str | None:
    """A variable of the environment, or None if it is not set or empty."""
    return os.environ.get(name) or None


def _yes(name: str, text: str) -> bool:
    """Whether a variable says yes. Raises ConfigError for what is neither yes nor no: a guess would be unsafe."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ConfigError(f'{name}="{text}" is neither yes nor no: write 1 or 0')
    return word in _TRUE


def _is_dev(environ: Mapping[str, str]) -> bool:
    value = environ.get("INNGEST_DEV", "")
    return bool(set(value) & _OF_URLS) or _yes("INNGEST_DEV", value)


def _dev_url(environ: Mapping[str, str]) -> str:
    """`INNGEST_DEV` may be the URL of the dev server instead of a yes."""
    value = environ.get("INNGEST_DEV", "")
    return value if set(value) & _OF_URLS else DEV_ORIGIN


def _first(given: Sequence[_Given]) -> tuple[str, str] | None:
    """The first that says something, with its name, and without the line break that a secret's file may end in."""
    return next(((name, value.strip()) for name, value in given if value and value.strip()), None)


def _text(*given: _Given) -> str | None:
    first = _first(given)
    return None if first is None else first[1]


def _key(*given: _Given) -> SigningKey | None:
    first = _first(given)
    if first is None:
        return None
    try:
        return SigningKey(first[1])
    except ConfigError as error:
        raise ConfigError(f"{first[0]}: {error}") from None


def _origin(*given: _Given) -> str | None:
    first = _first(given)
    return None if first is None else check_url(*first).rstrip("/")


def check_url(name: str, url: str) -> str:
    """Return a URL. Raises ConfigError, naming it, if it is not one of http or https."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError(f'{name}="{url}" is not an http or https URL: write it as "https://example.com"')
    return url


def _threads(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise ConfigError(f'INNGEST_THREAD_POOL_MAX_WORKERS="{text}" must be a number from 0')
    return int(text)


def _one_of(meanings: Mapping[str, T], name: str, text: str) -> T:
    """What a word means. Raises ConfigError that lists the words there are."""
    word = text.strip().lower()
    if word not in meanings:
        words = ", ".join(filter(None, meanings))
        raise ConfigError(f'{name}="{text}" must be one of {words}')
    return meanings[word]


def _log_level(text: str) -> int | None:
    return _one_of(LEVELS, "INNGEST_LOG_LEVEL", text) if text.strip() else None


def _platform(environ: Mapping[str, str]) -> str | None:
    shown = ((name, environ.get(variable), value) for name, (variable, value) in PLATFORMS.items())
    return next((name for name, found, value in shown if found and found == (value or found)), None)
