"""What the endpoints work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import Request

from inngest_py.dev.api.visitors import House
from inngest_py.dev.engine import Engine
from inngest_py.dev.store.port import Archive
from inngest_py.errors import RequestError
from inngest_py.wire.signing import SigningKey

MAX_BODY = 64 * 1024 * 1024
"""The largest request body, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The engine, what it keeps, and who may talk to it. Without keys anybody may."""

    engine: Engine
    archive: Archive
    signing_key: SigningKey | None = None
    event_keys: frozenset[str] = frozenset()
    house: House = field(default_factory=House)
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


def desk_of(request: Request) -> Desk:
    """The desk of the server that a request came to."""
    return cast("Desk", request.app.state.desk)


async def body_of(request: Request) -> bytes:
    """The body of a request. Raises RequestError if it is too large."""
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise RequestError(f"the body is larger than {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
