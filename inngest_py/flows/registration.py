"""Registering an app with a server (PROTOCOL 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlencode

from inngest_py.engine.effects import Flow
from inngest_py.errors import InvalidJSONError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.settings import Settings
from inngest_py.wire import headers
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Request
from inngest_py.wire.registration import PATH, refusal

PATIENCE: Final = 9.0
"""How long registering may take, in seconds: the server that asked for it gives up after ten."""


def register(settings: Settings, framework: str, deploy_id: str | None, body: bytes) -> Flow[Mapping[str, Any]]:
    """Tell the API about the app, and give its answer. Raises ServerError if it did not accept."""
    query = f"?{urlencode({'deployId': deploy_id})}" if deploy_id else ""
    sent = outgoing_headers(settings, framework) | {headers.EXPECTED_SERVER_KIND: settings.server_kind}
    url = f"{settings.api_origin}{PATH}{query}"
    response = yield from authorized(settings, Request("POST", url, sent, body), PATIENCE)
    try:
        answer = decode(response.body)
    except InvalidJSONError:
        answer = response.body.decode(errors="replace").strip()
    if response.status != HTTPStatus.OK or not isinstance(answer, dict):
        raise refusal(response.status, answer)
    return cast("dict[str, Any]", answer)
