"""Who may come in, and what every reply carries."""

from __future__ import annotations

import hmac
import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inngest_py.dev.api.desk import Desk
from inngest_py.dev.api.visitors import House, Visit
from inngest_py.dev.options import server_kind
from inngest_py.wire.signing import SigningKey, bearer_token

_GUARDED: Final = ("/fn/", "/dev", "/v0/", "/v1/", "/api/v2/runs")
_PREFIX: Final = re.compile(r"^signkey-\w+-")
_TOLD: Final = {b"host": "host", b"origin": "origin", b"sec-fetch-site": "site"}


class Guard:
    """ASGI middleware: lets in who may come in, wants a bearer token where one is needed, and says what server this is.

    Pages of this machine may send events, and with event keys those of any site, as on the real server (PROTOCOL 10.1).
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _visit(scope)
        kind = server_kind(self._desk.signing_key)
        reply = self._reply_for(scope, visit)
        await (reply or self._app)(scope, receive, _marked(visit, send, kind, self._desk.house))

    def _reply_for(self, scope: Scope, visit: Visit) -> Response | None:
        refusal = self._desk.house.refusal(visit)
        if refusal:
            return PlainTextResponse(f"{refusal}\n", 403)
        if visit.method == "OPTIONS" and visit.path.startswith("/e/"):
            return Response()
        key = self._desk.signing_key
        if key is not None and visit.path.startswith(_GUARDED) and not is_bearer(key, Headers(scope=scope)):
            return PlainTextResponse("Authentication failed\n", 401)
        return None


def is_bearer(key: SigningKey, headers: Headers) -> bool:
    """Whether a request has a bearer token that fits (PROTOCOL 2.4)."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return is_key(key, token) and scheme.lower() == "bearer"


def is_key(key: SigningKey, text: str) -> bool:
    """Whether a text is a key or its digest, with or without a prefix; how long that takes does not tell how nearly."""
    bare = _PREFIX.sub("", text.strip())
    fits = [hmac.compare_digest(bare.encode(), bearer_token(key).encode()), key.is_written(bare)]
    return any(fits)


def _visit(scope: Scope) -> Visit:
    said = {_TOLD[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _TOLD}
    return Visit(method=scope["method"], path=scope["path"], **said)


def _marked(visit: Visit, send: Send, kind: str, house: House) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Inngest-Server-Kind"] = kind
            headers["X-Content-Type-Options"] = "nosniff"
            if visit.path.startswith("/e/") and house.shares(visit.origin):
                headers["Access-Control-Allow-Origin"] = "*" if house.keyed else visit.origin
                headers["Access-Control-Allow-Headers"] = "*"
                headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
                headers.add_vary_header("Origin")
        await send(message)

    return marked
