"""Who may come in, and what every reply carries."""

from __future__ import annotations

import hmac
import re
from functools import lru_cache, partial
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
_TOLD: Final = (b"host", b"origin", b"sec-fetch-site")
_EVENTS: Final = "/e/"


class Guard:
    """ASGI middleware: lets in who may come in, wants a bearer token where one is needed, and says what server this is.

    Pages of this machine may send events, and with event keys those of any site, as on the real server (PROTOCOL 10.1).
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._refusal = lru_cache(maxsize=256)(partial(_refusal, desk.house))  # programs ask the same way every time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = _told(scope)
        kind = server_kind(self._desk.signing_key)
        reply = self._reply_for(scope, told)
        origin = told[1].decode("latin-1")
        await (reply or self._app)(scope, receive, _marked(scope, origin, send, kind, self._desk.house))

    def _reply_for(self, scope: Scope, told: tuple[bytes, ...]) -> Response | None:
        method: str = scope["method"]
        path: str = scope["path"]
        refusal = self._refusal(method, told, sends_events=path.startswith(_EVENTS))
        if refusal:
            return PlainTextResponse(f"{refusal}\n", 403)
        if method == "OPTIONS" and path.startswith(_EVENTS):
            return Response()
        key = self._desk.signing_key
        if key is not None and path.startswith(_GUARDED) and not is_bearer(key, Headers(scope=scope)):
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


def _told(scope: Scope) -> tuple[bytes, ...]:
    """What a request says about where it comes from, as it stands in its headers."""
    found = dict.fromkeys(_TOLD, b"")
    for name, value in scope["headers"]:
        if name in found:
            found[name] = value
    return tuple(found.values())


def _refusal(house: House, method: str, told: tuple[bytes, ...], *, sends_events: bool) -> str:
    host, origin, site = (each.decode("latin-1") for each in told)
    return house.refusal(Visit(method=method, events=sends_events, host=host, origin=origin, site=site))


def _marked(scope: Scope, origin: str, send: Send, kind: str, house: House) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Inngest-Server-Kind"] = kind
            headers["X-Content-Type-Options"] = "nosniff"
            if scope["path"].startswith(_EVENTS) and house.shares(origin):
                headers["Access-Control-Allow-Origin"] = "*" if house.keyed else origin
                headers["Access-Control-Allow-Headers"] = "*"
                headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
                headers.add_vary_header("Origin")
        await send(message)

    return marked
