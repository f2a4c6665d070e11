"""What the address of a list says: its filters, and where its other pages are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request


def filters_of(request: Request, names: Iterable[str], cursor: str | None) -> dict[str, Any]:
    """What a list shows of its filters, and the links to its newest page and to the older one, if there is one."""
    query, path = request.query_params, request.url.path
    wanted = {name: query.get(name, "") for name in names}
    narrowed = {name: value for name, value in wanted.items() if value}
    return {
        "wanted": wanted,
        "narrowed": bool(narrowed),
        "first": "cursor" not in query,
        "newest": _address(path, narrowed),
        "older": None if cursor is None else _address(path, {**narrowed, "cursor": cursor}),
    }


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
