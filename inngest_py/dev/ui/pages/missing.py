"""What is said of something that there is not, or that cannot be done."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.ui.render import page


def missing(request: Request, kind: str, name: str) -> Response:
    """A page for what there is not."""
    said = f"There is no {kind} {name!r} here. It may have been forgotten, or the server may have been started anew."
    return page(request, "trouble.html", 404, title=f"No such {kind}", said=said)


def refused(request: Request, said: str, status: int = 400) -> Response:
    """A page for what cannot be done, and why."""
    return page(request, "trouble.html", status, title="That cannot be done", said=said)
