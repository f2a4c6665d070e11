"""A request to the API with the bearer token, and once more with the fallback key's if that is not accepted."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from inngest_py.engine.effects import Exchange, Flow
from inngest_py.settings import Settings
from inngest_py.wire import headers
from inngest_py.wire.http import Request, Response
from inngest_py.wire.signing import SigningKey, bearer_token

_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def outgoing_headers(settings: Settings, framework: str | None = None) -> dict[str, str]:
    """The headers of every request that we make (PROTOCOL 1.2)."""
    found = {
        headers.CONTENT_TYPE: headers.JSON,
        headers.SDK: headers.SDK_VERSION,
        headers.REQ_VERSION: headers.REQUEST_VERSION,
        headers.USER_AGENT: headers.SDK_VERSION,
    }
    if settings.env:
        found[headers.INNGEST_ENV] = settings.env
    if settings.platform:
        found[headers.PLATFORM] = settings.platform
    if framework:
        found[headers.FRAMEWORK] = framework
    return found


def authorized(settings: Settings, request: Request, timeout: float | None = None) -> Flow[Response]:
    """Send a request to the API. Raises ServerError if there is no answer."""
    keys = settings.signing_keys
    response: Response = yield Exchange(_with_token(request, keys[0]) if keys else request, timeout)
    if response.status in _REFUSED and len(keys) > 1:
        response = yield Exchange(_with_token(request, keys[1]), timeout)
    return response


def _with_token(request: Request, key: SigningKey) -> Request:
    return replace(request, headers={**request.headers, headers.AUTHORIZATION: f"Bearer {bearer_token(key)}"})
