"""Who may come in, and what every reply carries."""

from __future__ import annotations

import hmac
import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inngest_py.dev.api.desk import Desk
from inngest_py.dev.options import server_kind
from inngest_py.wire.signing import SigningKey, bearer_token

_GUARDED: Final = ("/fn/", "/dev", "/v0/", "/v1/", "/api/v2/runs")
_PREFIX: Final = re.compile(r"^signkey-\w+-")


class Guard:
    """ASGI middleware: checks the bearer token where one is needed, and says what kind of server this is.

    The event API has open CORS, like the real server's, so that a page can send events (PROTOCOL 10.1).
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = server_kind(self._desk.signing_key)
        await (self._reply_for(scope) or self._app)(scope, receive, _marked(scope, send, kind))

    def _reply_for(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if scope["method"] == "OPTIONS" and path.startswith("/e/"):
            return Response()
        key = self._desk.signing_key
        if key is not None and path.startswith(_GUARDED) and not _allowed(key, Headers(scope=scope)):
            return PlainTextResponse("Authentication failed\n", 401)
        return None


def _allowed(key: SigningKey, headers: Headers) -> bool:
    """Whether a bearer token fits: the key or its digest, with or without a prefix (PROTOCOL 2.4)."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bare = _PREFIX.sub("", token.strip())
    fits = [hmac.compare_digest(bare.encode(), bearer_token(key).encode()), key.is_written(bare)]
    return scheme.lower() == "bearer" and any(fits)


def _marked(scope: Scope, send: Send, kind: str) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Inngest-Server-Kind"] = kind
            if scope["path"].startswith("/e/"):
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Allow-Headers"] = "*"
                headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
        await send(message)

    return marked
