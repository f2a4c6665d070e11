"""Sending signals (PROTOCOL 10.3)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from inngest_py.engine.effects import Flow
from inngest_py.errors import ServerError
from inngest_py.flows.authorized import authorized, outgoing_headers
from inngest_py.settings import Settings
from inngest_py.wire.codec import as_object, decode_object, encode
from inngest_py.wire.http import Request


def send_signal(settings: Settings, signal: str, data: Any) -> Flow[str | None]:
    """Send a signal, and give the id of the run that waited for it, or None if none did. Raises ServerError."""
    body = encode({"signal": signal, "data": data})
    request = Request("POST", f"{settings.api_origin}/v1/signals", outgoing_headers(settings), body)
    response = yield from authorized(settings, request)
    if response.status == HTTPStatus.NOT_FOUND:
        return None
    fields = decode_object(response.body)
    if response.status != HTTPStatus.OK:
        reason = fields.get("error") or "no reason given"
        raise ServerError(f'signal "{signal}" was refused with status {response.status}: {reason}', response.status)
    run_id = (as_object(fields.get("data")) or {}).get("run_id")
    return run_id if isinstance(run_id, str) else None
