"""What an app says about itself, read and checked (PROTOCOL 3.2, 3.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from inngest_py.dev.cron import parse_cron
from inngest_py.dev.duration import MINUTE, SECOND
from inngest_py.dev.event_types.registered import MAX_NAME, read_event_types
from inngest_py.dev.expression import EVENT
from inngest_py.dev.fields import Fields
from inngest_py.dev.model import App, Function, Trigger
from inngest_py.dev.rulebook import read_flow
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.dev.texts import text_of
from inngest_py.errors import ConfigError, InvalidJSONError, RequestError
from inngest_py.wire.codec import decode

DEFAULT_RETRIES: Final = 4
MAX_RETRIES: Final = 20
_MAX_TRIGGERS: Final = 10
_SCHEMES: Final = ("http", "https", "ws", "wss")
_PORTS: Final = {"http": 80, "https": 443}
_URL_RULE: Final = "it must begin with http://, https://, ws:// or wss://, and name a host"
_DROPPED: Final = ("deployId", "probe")


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app registered."""

    app: App
    functions: tuple[Function, ...]


def read_registration(body: bytes, now: int) -> Registration:
    """Read the body of `POST /fn/register`. Raises RequestError, which names the function and the field."""
    payload = {key.lower(): value for key, value in _payload(body).items()}
    app_id, listed = payload.get("appname"), payload.get("functions")
    if not isinstance(app_id, str) or not app_id:
        raise RequestError("App ID required")
    listed = [] if listed is None else as_list(listed)
    if listed is None:
        raise RequestError("Invalid request: functions must be a list")
    functions = tuple(read_function(_config(value), app_id, now) for value in listed)
    _check_ids(functions)
    return Registration(_app(payload, app_id, body, now), functions)


def read_function(config: dict[str, Any], app_id: str, now: int) -> Function:
    """Read one function. Raises RequestError."""
    fields = Fields(f'function "{config.get("id") or config.get("name") or "?"}"', config)
    slug, name = fields.text("id"), fields.text("name")
    if not slug:
        fields.refuse("id", "it cannot be empty")
    if not name:
        fields.refuse("name", "it cannot be empty")
    url, retries = _step(fields)
    return Function(
        slug=slug,
        app_id=app_id,
        name=name,
        url=url,
        triggers=_triggers(fields),
        retries=retries,
        flow=read_flow(fields),
        config=text_of(config),
        created_at=now,
    )


def normal_url(url: str) -> str:
    """An app's URL without what does not name the app: some parameters, the default port.

    The host stays as the app gave it, other than on the real server, which turns 127.0.0.1 into localhost: where that
    resolves to ::1 first the app would not be reached. Only 0.0.0.0, which is no address to call, becomes 127.0.0.1.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = "127.0.0.1" if parts.hostname == "0.0.0.0" else parts.hostname or ""  # noqa: S104 - it is read, not bound
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(parts.scheme):
        netloc += f":{port}"
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in _DROPPED]
    return urlunsplit((parts.scheme, netloc, parts.path, urlencode(query), ""))


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = as_object(decode(body))
    except InvalidJSONError as error:
        raise RequestError(f"Invalid request: {error}") from None
    if payload is None:
        raise RequestError("Invalid request: the body must be a JSON object")
    return payload


def _config(value: object) -> dict[str, Any]:
    config = as_object(value)
    if config is None:
        raise RequestError("Invalid request: each function must be a JSON object")
    return config


def _app(payload: Mapping[str, Any], app_id: str, body: bytes, now: int) -> App:
    return App(
        id=app_id,
        url=_app_url(payload.get("url")),
        sdk=as_text(payload.get("sdk")),
        framework=as_text(payload.get("framework")),
        checksum=hashlib.sha256(body).hexdigest(),
        synced_at=now,
        event_types=read_event_types(payload.get("eventtypes")),
    )


def _app_url(url: object) -> str:
    """The URL of an app. An empty one is tolerated, as on the real server."""
    if url is None or url == "":
        return ""
    if not isinstance(url, str) or not _is_callable(url):
        raise RequestError(f"Invalid request: url = {url!r:.80}: {_URL_RULE}")
    return normal_url(url)


def _is_callable(url: str) -> bool:
    """Whether a URL has a scheme that we know, and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _check_ids(functions: tuple[Function, ...]) -> None:
    seen = set[str]()
    for function in functions:
        if function.slug in seen:
            raise RequestError(
                f'At least one function is invalid: there are two functions with the id "{function.slug}"'
            )
        seen.add(function.slug)


def _step(fields: Fields) -> tuple[str, int]:
    steps = fields.inner("steps")
    if steps is None or len(steps.values) != 1:
        fields.refuse("steps", "there must be exactly one step")
    step = steps.inner(next(iter(steps.values)))
    runtime = None if step is None else step.inner("runtime")
    if step is None or runtime is None:
        fields.refuse("steps", "the step needs a runtime with a URL")
    url = runtime.text("url")
    if not _is_callable(url):
        runtime.refuse("url", _URL_RULE)
    retries = step.inner("retries")
    attempts = (
        fields.number("retries", DEFAULT_RETRIES) if retries is None else retries.number("attempts", DEFAULT_RETRIES)
    )
    return normal_url(url), min(attempts, MAX_RETRIES) if attempts >= 0 else DEFAULT_RETRIES


def _triggers(fields: Fields) -> tuple[Trigger, ...]:
    listed = fields.objects("triggers", fields.items("triggers"))
    if len(listed) > _MAX_TRIGGERS:
        fields.refuse("triggers", f"there can be {_MAX_TRIGGERS} triggers, not {len(listed)}")
    triggers = tuple(_trigger(entry) for entry in listed)
    if len(set(triggers)) < len(triggers):
        fields.refuse("triggers", "the same trigger is there twice")
    return triggers


def _trigger(fields: Fields) -> Trigger:
    event, cron = fields.text("event"), fields.text("cron")
    if bool(event) == bool(cron):
        fields.refuse("event", "a trigger has either an event or a cron schedule")
    if len(event) > MAX_NAME:
        fields.refuse("event", f"it can have {MAX_NAME} characters, not {len(event)}")
    if not cron:
        if fields.given("jitter"):
            fields.refuse("jitter", "it goes with a cron schedule only")
        return Trigger(event=event, expression=fields.expression("expression", EVENT))
    try:
        parse_cron(cron)
    except ConfigError as error:
        fields.refuse("cron", str(error))
    jitter = fields.duration("jitter", SECOND, 5 * MINUTE) if fields.given("jitter") else 0
    return Trigger(cron=cron, jitter=jitter)
