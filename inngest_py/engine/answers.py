"""What steps give that are done by the server: the response of a fetch, a signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inngest_py.wire.codec import as_object, decode


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """The response to `step.fetch`, whatever its status was. Header names are as the server gives them."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises InvalidJSONError."""
        return decode(self.body.encode())


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that came: its name, and the data that it was sent with."""

    signal: str
    data: Any


def response_of(result: Any) -> FetchResponse:
    """Read the result of a Gateway step (PROTOCOL 6.3)."""
    fields = as_object(result) or {}
    status = fields.get("status_code")
    headers = {str(name): str(value) for name, value in (as_object(fields.get("headers")) or {}).items()}
    body = fields.get("body")
    return FetchResponse(
        str(fields.get("url") or ""),
        status if isinstance(status, int) else 0,
        headers,
        body if isinstance(body, str) else "",
    )


def signal_of(result: Any) -> Signal | None:
    """Read the result of a wait for a signal: null when the time ran out (PROTOCOL 6.3)."""
    fields = as_object(result)
    return None if fields is None else Signal(str(fields.get("signal") or ""), fields.get("data"))
