"""The kinds of step, as the server is asked for them (PROTOCOL 6.2, 6.4). Mistakes are found here, not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from inngest_py.config.duration import LONGEST, bounded_duration, write_moment
from inngest_py.config.event_type import EventType
from inngest_py.config.expression import check_expression
from inngest_py.engine.identity import Key
from inngest_py.engine.plan import Step
from inngest_py.errors import ConfigError
from inngest_py.function import Function
from inngest_py.wire.codec import encode
from inngest_py.wire.ops import Opcode


class Adapter(Protocol):
    """How a provider's model is reached: `inngest_py.ai` has those of the well-known ones."""

    def auth_key(self) -> str:
        """The provider's key."""
        ...

    def format(self) -> str:
        """The format of the request: `openai-chat`, `anthropic`, `gemini` or `bedrock`."""
        ...

    def headers(self) -> dict[str, str]:
        """Headers to send besides."""
        ...

    def on_call(self, body: dict[str, Any], /) -> None:
        """Complete the body of a request: with the model's name, for one."""
        ...

    def url_infer(self) -> str:
        """The URL to send the request to."""
        ...


AI_WRAP: Final = {"type": "step.ai.wrap"}
SEND_EVENT: Final = {"type": "step.sendEvent"}
SEND_SIGNAL: Final = {"type": "step.sendSignal"}
_CONFLICTS: Final = ("fail", "replace")
_OF_ADAPTERS: Final = ("auth_key", "format", "headers", "on_call", "url_infer")


def run(key: Key, opts: Mapping[str, Any] | None = None) -> Step:
    """A step that runs here."""
    return Step(key, Opcode.STEP_PLANNED, key.name, opts)


def sleep(key: Key, duration: str | timedelta) -> Step:
    """A sleep of a duration, counted by the server's clock."""
    return Step(key, Opcode.SLEEP, bounded_duration(duration, f'step.sleep("{key.id}")'))


def sleep_until(key: Key, when: datetime, now: datetime) -> Step:
    """A sleep until a moment. Raises ConfigError for no datetime, one without a time zone or one that is too far."""
    what = f'step.sleep_until("{key.id}")'
    if not isinstance(when, datetime):
        raise ConfigError(f"{what}: {when!r} is not a datetime; for a duration use step.sleep")
    moment = write_moment(when)
    if when - now > LONGEST:
        raise ConfigError(f"{what}: {moment} is more than 366 days from now, the longest that servers take")
    return Step(key, Opcode.SLEEP, moment)


def wait_for_event(key: Key, event: str | EventType[Any], timeout: str | timedelta, condition: str | None) -> Step:
    """A wait for an event, of at most a time."""
    what = f'step.wait_for_event("{key.id}")'
    name = event.name if isinstance(event, EventType) else event
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"{what}: event={event!r} must be the name of an event, or an EventType")
    opts = {"timeout": bounded_duration(timeout, f"{what}: timeout")}
    if condition is not None:
        opts["if"] = check_expression(condition)
    return Step(key, Opcode.WAIT_FOR_EVENT, name, opts)


def wait_for_signal(key: Key, signal: str, timeout: str | timedelta, on_conflict: str) -> Step:
    """A wait for a signal, of at most a time. Another run that waits for it fails this one, or is replaced."""
    what = f'step.wait_for_signal("{key.id}")'
    if on_conflict not in _CONFLICTS:
        raise ConfigError(f'{what}: on_conflict={on_conflict!r} must be "fail" or "replace"')
    opts = {
        "signal": check_signal(signal, what),
        "timeout": bounded_duration(timeout, f"{what}: timeout"),
        "conflict": on_conflict,
    }
    return Step(key, Opcode.WAIT_FOR_SIGNAL, key.name, opts)


def check_signal(signal: object, what: str) -> str:
    """The name of a signal. Raises ConfigError if it is none: servers would wait for ever."""
    if not isinstance(signal, str) or not signal.strip():
        raise ConfigError(f"{what}: signal={signal!r} must be the name of a signal")
    return signal


def fetch(key: Key, url: str, method: str, headers: Mapping[str, str] | None, body: object) -> Step:
    """An HTTP request that the server makes."""
    what = f'step.fetch("{key.id}")'
    if not _is_url(url):
        raise ConfigError(f"{what}: {url!r} is not an http or https URL")
    if not isinstance(method, str) or not method:
        raise ConfigError(f'{what}: method={method!r} must be a method of HTTP, as in "GET"')
    if headers and not all(isinstance(part, str) for pair in headers.items() for part in pair):
        raise ConfigError(f"{what}: headers={headers!r} must have names and values that are strings")
    opts: dict[str, Any] = {"url": url, "method": method.upper()}
    if headers:
        opts["headers"] = dict(headers)
    if body is not None:
        opts["body"] = body if isinstance(body, str) else encode(body).decode()
    return Step(key, Opcode.GATEWAY, key.name, opts)


def _is_url(url: object) -> bool:
    try:
        return isinstance(url, str) and urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def infer(key: Key, adapter: Adapter, body: Mapping[str, Any]) -> Step:
    """A request to a model's provider that the server makes (PROTOCOL 6.4)."""
    what = f'step.ai.infer("{key.id}")'
    if not all(callable(getattr(adapter, name, None)) for name in _OF_ADAPTERS):
        raise ConfigError(f'{what}: adapter={adapter!r} must be a model, as in inngest_py.ai.openai(model="gpt-5")')
    if not isinstance(body, Mapping):
        raise ConfigError(f"{what}: body={body!r} must be the provider's request, a dict")
    sent = dict(body)
    adapter.on_call(sent)
    encode(sent)
    opts: dict[str, Any] = {
        "type": "step.ai.infer",
        "url": adapter.url_infer(),
        "headers": adapter.headers(),
        "auth_key": adapter.auth_key(),
        "format": adapter.format(),
        "body": sent,
    }
    return Step(key, Opcode.AI_GATEWAY, key.name, opts)


def invoke(key: Key, function_id: str, data: object, timeout: str | timedelta | None, v: str | None) -> Step:
    """A run of another function, waited for."""
    what = f'step.invoke("{key.id}")'
    payload: dict[str, Any] = {"data": {} if data is None else data}
    if not encode(payload).startswith(b'{"data":{'):
        raise ConfigError(f"{what}: data={data!r} must be a JSON object: a dict or a model")
    if v is not None:
        payload["v"] = v
    opts: dict[str, Any] = {"function_id": function_id, "payload": payload}
    if timeout is not None:
        opts["timeout"] = bounded_duration(timeout, f"{what}: timeout")
    return Step(key, Opcode.INVOKE_FUNCTION, key.name, opts)


def invoked_id(key: Key, function: object) -> str:
    """The id of the function to invoke: its own app's, whichever app invokes it."""
    if not isinstance(function, Function):
        raise ConfigError(
            f'step.invoke("{key.id}"): function={function!r} must be a function made by create_function; '
            "for one that lives elsewhere use step.invoke_by_id"
        )
    return function.id
