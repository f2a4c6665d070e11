"""Fetching a run's state when it is too large for the call itself (PROTOCOL 9.1)."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

from inngest_py.engine.effects import Flow
from inngest_py.errors import InvalidJSONError, ServerError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.settings import Settings
from inngest_py.wire.call import Call, read_events
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Request

PATIENCE: Final = 120.0
"""How long fetching may take, in seconds: up to 32 MiB."""


def fetch_state(settings: Settings, call: Call) -> Flow[Call]:
    """Complete a call with the steps and events that it did not carry. Raises ServerError."""
    if not call.use_api:
        return call
    steps = yield from _get(settings, call.run_id, "actions")
    events = yield from _get(settings, call.run_id, "batch")
    if not isinstance(steps, dict):
        raise ServerError(f"the state of run {call.run_id} is not an object of steps")
    return replace(call, steps=cast("dict[str, Any]", steps), events=read_events(events, call.event), use_api=False)


def _get(settings: Settings, run_id: str, what: str) -> Flow[Any]:
    url = f"{settings.api_origin}/v0/runs/{quote(run_id, safe='')}/{what}"
    response = yield from authorized(settings, Request("GET", url, outgoing_headers(settings)), PATIENCE)
    if response.status != HTTPStatus.OK:
        raise ServerError(f"the state of run {run_id} could not be fetched: status {response.status}", response.status)
    try:
        return decode(response.body)
    except InvalidJSONError as error:
        raise ServerError(f"the state of run {run_id} could not be read: {error}") from None
