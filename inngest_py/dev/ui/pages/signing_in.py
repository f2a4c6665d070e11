"""Signing in with the signing key, where the server has one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.api.guard import is_key
from inngest_py.dev.ui.forms import form_of
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.render import page
from inngest_py.dev.ui.sessions import LIFE, cookie_of


async def show(request: Request) -> Response:
    """The form."""
    return page(request, "sign_in.html", next=_local(request.query_params.get("next", "")), wrong=False)


async def sign_in(request: Request) -> Response:
    """Begin a session, if the key is right. The key is kept nowhere."""
    parlour, form = parlour_of(request), await form_of(request)
    key, next_ = parlour.desk.signing_key, _local(form.get("next", ""))
    if key is None:
        return RedirectResponse(next_, 303)
    if not is_key(key, form.get("key", "")):
        return page(request, "sign_in.html", 401, next=next_, wrong=True)
    reply = RedirectResponse(next_, 303)
    token = parlour.sessions.open(parlour.desk.engine.clock())
    secure = request.url.scheme == "https"
    reply.set_cookie(cookie_of(request), token, max_age=LIFE // 1000, httponly=True, samesite="strict", secure=secure)
    return reply


async def sign_out(request: Request) -> Response:
    """End the session."""
    cookie = cookie_of(request)
    parlour_of(request).sessions.close(request.cookies.get(cookie, ""))
    reply = RedirectResponse("/sign-in", 303)
    reply.delete_cookie(cookie)
    return reply


def _local(path: str) -> str:
    """A path of this server; what could lead elsewhere leads to the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"
