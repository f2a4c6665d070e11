"""What is said of something that there is not, or that cannot be done."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.ui.render import page

_LONGEST: Final = 200


def missing(request: Request, kind: str, name: str) -> Response:
    """A page for what there is not."""
    said = f"There is no {kind} {name!r} here. It may have been forgotten, or the server may have been started anew."
    return page(request, "trouble.html", 404, title=f"No such {kind}", said=said)


def refused(request: Request, said: str, status: int = 400) -> Response:
    """A page for what cannot be done, and why."""
    return page(request, "trouble.html", status, title="That cannot be done", said=said)


def lost(request: Request, status: int) -> Response:
    """A page for an address that has none, or that only takes what a form sends."""
    path = request.url.path[:_LONGEST]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return page(request, "trouble.html", status, title="Not a page", said=f"{path} takes no {request.method}.")
    return page(request, "trouble.html", status, title="No such page", said=f"There is no page {path} here.")
