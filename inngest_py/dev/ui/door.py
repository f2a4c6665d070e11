"""The door of the web UI: who may see its pages, and what a browser may do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inngest_py.dev.api.guard import is_bearer
from inngest_py.dev.ui.parlour import SCOPE, Parlour
from inngest_py.dev.ui.sessions import cookie_of

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What every page says: nothing is run or loaded that is not a file of this server.

Pages of this server are named to it as the origin of what they send, or it would take its own forms for another's.
"""


class Door:
    """ASGI middleware around a page. One that is `open_` can be seen without signing in."""

    def __init__(self, app: ASGIApp, parlour: Parlour, *, open_: bool = False) -> None:
        self._app = app
        self._parlour = parlour
        self._open = open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a person in, or ask who it is."""
        scope[SCOPE] = self._parlour
        request = Request(scope)
        app = self._app if self._open or _is_known(self._parlour, request) else _turned_away(request)
        await app(scope, receive, _guarded(send))


def answered(parlour: Parlour, request: Request, show: Callable[[Request], Response]) -> Response:
    """The answer to a request that no page takes, given behind the same door."""
    request.scope[SCOPE] = parlour
    reply = show(request) if _is_known(parlour, request) else _turned_away(request)
    _mark(reply.headers)
    return reply


def _is_known(parlour: Parlour, request: Request) -> bool:
    key = parlour.desk.signing_key
    if key is None:
        return True
    token = request.cookies.get(cookie_of(request), "")
    return parlour.sessions.knows(token, parlour.desk.engine.clock()) or is_bearer(key, request.headers)


def _turned_away(request: Request) -> Response:
    """A person is asked to sign in, and comes back to the page: of a form that was sent, to the one it stood on."""
    reads = request.method == "GET"
    if request.url.path.startswith("/ui/") or not (reads or "text/html" in request.headers.get("accept", "")):
        return PlainTextResponse("Sign in first, at /sign-in\n", 401)
    wanted = _page_of(str(request.url) if reads else request.headers.get("referer", ""))
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", 303)


def _page_of(url: str) -> str:
    """The path and the query of a URL, whose host may be any."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))


def _guarded(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            _mark(MutableHeaders(scope=message))
        await send(message)

    return guarded


def _mark(headers: MutableHeaders) -> None:
    headers.update(HEADERS)
    headers.setdefault("Cache-Control", "no-store")
