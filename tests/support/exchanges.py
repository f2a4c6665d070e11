"""Recorded exchanges with a real Inngest server, as `tests/captures` has them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from inngest_py.wire.canonical import canonical
from inngest_py.wire.http import Request

CAPTURES = Path(__file__).parents[1] / "captures"


_CUT = re.compile(r"x+\.\.\.<truncated ([0-9]+) chars>")


@lru_cache
def exchanges(name: str) -> list[dict[str, Any]]:
    """The exchanges of one recording, in their order, with the long strings of x that it abridges."""
    text = (CAPTURES / f"{name}.json").read_text()
    found: list[dict[str, Any]] = json.loads(_CUT.sub(lambda cut: "x" * int(cut[1]), text))
    return found


def sent_to_app(name: str) -> list[dict[str, Any]]:
    """Those in which the server, or somebody in its place, asks the app."""
    return [exchange for exchange in exchanges(name) if exchange["to"] == "sdk"]


def sent_to_server(name: str) -> list[dict[str, Any]]:
    """Those in which the app, or somebody else, asks the server."""
    return [exchange for exchange in exchanges(name) if exchange["to"] == "server"]


def body_of(exchange: dict[str, Any]) -> bytes:
    """The body as it was sent. Servers send canonical JSON; of other bodies only the value was recorded."""
    body, size = exchange["body"], exchange["raw_request_body_bytes"]
    if not size:
        return b""
    forms = (canonical(body), json.dumps(body).encode(), json.dumps(body, separators=(",", ":")).encode())
    return next(form for form in forms if len(form) == size)


def request_of(exchange: dict[str, Any]) -> Request:
    """The recorded request."""
    query = "&".join(f"{key}={value}" for key, value in exchange["query"].items())
    url = f"http://{exchange['headers']['Host']}{exchange['path']}?{query}".rstrip("?")
    return Request.of(exchange["method"], url, exchange["headers"].items(), body_of(exchange))
