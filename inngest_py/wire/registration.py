"""Registration: what an app tells a server about itself (PROTOCOL 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from inngest_py.errors import ServerError
from inngest_py.version import VERSION
from inngest_py.wire.call import DISCOVERY
from inngest_py.wire.codec import as_object, encode

CAPABILITIES: Final = {"connect": "v1", "in_band_sync": "v1", "trust_probe": "v1"}
"""What this SDK can do, as servers want it named."""

LANGUAGE: Final = "py"
AUTHOR: Final = "inngest-py"
PATH: Final = "/fn/register"
LARGEST_SCHEMA: Final = 100_000
"""How many bytes the schema of an event may have; a larger one is not told, and not kept."""


def call_url(app_url: str, function_id: str) -> str:
    """The URL under which a server calls one function: the app's, with `fnId` and `stepId`."""
    scheme, netloc, path, query, _ = urlsplit(app_url)
    parameters = urlencode({"fnId": function_id, "stepId": DISCOVERY})
    return urlunsplit((scheme, netloc, path, f"{query}&{parameters}" if query else parameters, ""))


def out_of_band(
    *,
    app_id: str,
    app_url: str,
    framework: str,
    functions: Sequence[Mapping[str, Any]],
    app_version: str | None,
    platform: str | None = None,
    event_types: Iterable[bytes] = (),
) -> bytes:
    """The body of `POST /fn/register` (PROTOCOL 3.2).

    `event_types`, each the JSON text of an object with a `name` and a `schema`, are ours: other servers ignore them.
    """
    body: dict[str, Any] = {
        "appName": app_id,
        "capabilities": CAPABILITIES,
        "deployType": "ping",
        "framework": framework,
        "functions": functions,
        "sdk": f"{LANGUAGE}:v{VERSION}",
        "url": app_url,
        "v": "0.1",
    }
    if app_version:
        body["appVersion"] = app_version
    if platform:
        body["platform"] = platform
    written = encode(body)
    described = b",".join(event_types)
    return b'%b,"eventTypes":[%b]}' % (written[:-1], described) if described else written


def in_band(
    *,
    app_id: str,
    app_url: str,
    framework: str,
    functions: Sequence[Mapping[str, Any]],
    app_version: str | None,
    env: str | None,
    platform: str | None = None,
    inspection: Mapping[str, Any],
) -> bytes:
    """The body of the reply to an in-band sync (PROTOCOL 3.5)."""
    body: dict[str, Any] = {
        "app_id": app_id,
        "framework": framework,
        "functions": functions,
        "inspection": {key: value for key, value in inspection.items() if value is not None},
        "sdk_author": AUTHOR,
        "sdk_language": LANGUAGE,
        "sdk_version": VERSION,
        "url": app_url,
    }
    if app_version:
        body["appVersion"] = app_version
    if env:
        body["env"] = env
    if platform:
        body["platform"] = platform
    return encode(body)


def refusal(status: int, body: object) -> ServerError:
    """Describe why a server did not take a registration (PROTOCOL 3.3)."""
    reason = (as_object(body) or {}).get("error")
    said = reason if isinstance(reason, str) and reason else str(body)[:200] or "nothing"
    return ServerError(f"the Inngest server refused the registration with status {status}: {said}", status)
