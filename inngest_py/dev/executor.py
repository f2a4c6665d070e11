"""Makes the requests that were decided, over HTTP, and says what came of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

from inngest_py.dev.decisions import Call, Fetch
from inngest_py.dev.exchange import BrokenExchangeError, TooLargeError
from inngest_py.dev.options import server_kind
from inngest_py.dev.pool import Pool
from inngest_py.dev.reply import MAX_REPLY, FetchReply, Reply, read_reply, too_large, too_slow, unreachable
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.wire import headers as names
from inngest_py.wire.http import Request, Response
from inngest_py.wire.signing import SigningKey, sign

_LONGEST: Final = 2 * 60 * 60
_CONNECT: Final = 10
_AT_ONCE: Final = 100
_KEPT: Final = 1.0
_MAX_REDIRECTS: Final = 60
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
_DEFAULTS: Final = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "Inngest"}
_ASKED_OF_APPS: Final = {"Accept-Encoding": "gzip", "X-Inngest-Logs": "wanted"}
"""What is asked of apps with every call. The second is ours, for `POST /v1/runs/{id}/logs`; other SDKs ignore it."""

_SEE_OTHER: Final = 303
_FOUND: Final = frozenset({301, 302})
_PORTS: Final = {"http": 80, "https": 443}
_KEY_HEADERS: Final = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}
_SECRET: Final = re.compile(r"auth|cookie|credential|key|password|secret|signature|token|^host$", re.IGNORECASE)
"""Headers that are for one host only, by their names."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request to be made."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


_Onward: TypeAlias = Callable[[_Asked, int, str], _Asked]
"""What is asked next, when a request was answered with a redirect of some status to some location."""


class HTTPExecutor:
    """Calls apps over HTTP, a hundred at a time. `clock` gives Unix milliseconds."""

    def __init__(self, clock: Callable[[], int], signing_key: SigningKey | None = None) -> None:
        self._clock = clock
        self._key = signing_key
        self._kind = {"X-Inngest-Server-Kind": server_kind(signing_key)}
        self._pool = Pool(at_once=_AT_ONCE, kept=_KEPT, patience=_CONNECT, limit=MAX_REPLY)

    def stop(self) -> None:
        """Close what is open."""
        self._pool.close()

    async def call(self, call: Call) -> Reply:
        """Call an app, and read its reply."""
        headers = {**call.headers, **self._kind, **_ASKED_OF_APPS, **self._signature(call.body)}
        try:
            async with asyncio.timeout(_LONGEST):
                response = await self._follow(_Asked("POST", call.url, headers, call.body), _as_apps_want)
        except TooLargeError:
            return too_large()
        except TimeoutError:
            return too_slow()
        except (OSError, ValueError) as error:
            return unreachable(_reason(error))
        return read_reply(response, self._clock())

    async def fetch(self, fetch: Fetch) -> FetchReply:
        """Make the request of a Gateway or AIGateway step (PROTOCOL 6.4)."""
        options = fetch.options
        url = str(options.get("url") or "")
        method = str(options.get("method") or "POST").upper()
        headers = _string_headers(options.get("headers")) | _key_header(options)
        body = _fetch_body(options.get("body"), headers)
        try:
            async with asyncio.timeout(_LONGEST):
                response = await self._follow(_Asked(method, url, _with_defaults(headers), body), _as_browsers_do)
        except TooLargeError:
            return FetchReply(url=url, fault="the response is larger than 8 MiB")
        except (OSError, ValueError):
            return FetchReply(url=url, fault="Unable to reach SDK URL")
        return FetchReply(url, response.status, response.headers, response.body)

    async def put(self, url: str, body: bytes, seconds: float) -> FetchReply:
        """Ask an app to register (PROTOCOL 3.1)."""
        return await self._ask(_Asked("PUT", url, {"Content-Type": names.JSON}, body), seconds)

    async def get(self, url: str, seconds: float) -> FetchReply:
        """Ask an app about itself (PROTOCOL 4)."""
        return await self._ask(_Asked("GET", url, {}, None), seconds)

    async def _ask(self, asked: _Asked, seconds: float) -> FetchReply:
        url, headers = asked.url, {**asked.headers, **self._kind, **self._signature(asked.body or b"")}
        try:
            async with asyncio.timeout(seconds):
                response = await self._follow(replace(asked, headers=headers), _as_apps_want)
        except TooLargeError:
            return FetchReply(url=url, fault="the reply is too large")
        except (OSError, ValueError) as error:
            return FetchReply(url=url, fault=_reason(error))
        return FetchReply(url, response.status, response.headers, response.body)

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._key is None:
            return {}
        return {"X-Inngest-Signature": sign(self._key, body, self._clock() // 1000)}

    async def _follow(self, asked: _Asked, onward: _Onward) -> Response:
        """Make a request and follow redirects."""
        left = _MAX_REDIRECTS
        while True:
            response = await self._pool.request(asked.method, asked.url, asked.headers, asked.body)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location or not left:
                return response
            asked, left = onward(asked, response.status, location), left - 1


class LocalExecutor:
    """Calls apps that live in this process: `app` takes a request and gives a response."""

    def __init__(self, app: Callable[[Request], Awaitable[Response]], clock: Callable[[], int]) -> None:
        self._app = app
        self._clock = clock

    async def call(self, call: Call) -> Reply:
        """Call the app, and read its reply."""
        try:
            response = await self._app(Request.of("POST", call.url, call.headers.items(), call.body))
        except OSError as error:
            return unreachable(str(error))
        return read_reply(response, self._clock())

    async def fetch(self, fetch: Fetch) -> FetchReply:
        """Refuse: nothing outside of this process is reached."""
        return FetchReply(url=str(fetch.options.get("url")), fault="Unable to reach SDK URL")


def _reason(error: Exception) -> str:
    """Why a server was not reached, in the words of the operating system where it is that."""
    if isinstance(error, BrokenExchangeError) or not isinstance(error, OSError):
        return str(error) or type(error).__name__
    if isinstance(error, socket.gaierror) and error.strerror:
        return error.strerror.lower()
    number = _NUMBER.search(str(error))  # of a host with several addresses it is only in the text
    return os.strerror(int(number[1])).lower() if number else str(error) or type(error).__name__


def _as_apps_want(asked: _Asked, _: int, location: str) -> _Asked:
    """A redirect of an app keeps method, body, headers and query (PROTOCOL 1.1)."""
    target = urlsplit(urljoin(asked.url, location))
    return replace(asked, url=urlunsplit(target._replace(query=target.query or urlsplit(asked.url).query)))


def _as_browsers_do(asked: _Asked, status: int, location: str) -> _Asked:
    """Another host is told no keys; after 303, and after 301 or 302 to a POST, the answer is fetched with GET."""
    url = urldefrag(urljoin(asked.url, location)).url
    method, headers, body = asked.method, dict(asked.headers), asked.body
    if (status == _SEE_OTHER and method != "HEAD") or (status in _FOUND and method == "POST"):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    if _origin(url) != _origin(asked.url):
        headers = {name: value for name, value in headers.items() if not _SECRET.search(name)}
    return _Asked(method, url, headers, body)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _string_headers(value: Any) -> dict[str, str]:
    return {key: str(part) for key, part in (as_object(value) or {}).items()}


def _with_defaults(headers: Mapping[str, str]) -> dict[str, str]:
    given = {name.lower() for name in headers}
    return {**headers, **{name: value for name, value in _DEFAULTS.items() if name.lower() not in given}}


def _key_header(options: Mapping[str, Any]) -> dict[str, str]:
    key = as_text(options.get("auth_key"))
    if not key:
        return {}
    name = _KEY_HEADERS.get(str(options.get("format")))
    return {"Authorization": f"Bearer {key}"} if name is None else {name: key}


def _fetch_body(value: Any, headers: dict[str, str]) -> bytes | None:
    """A body is sent as JSON; a string that is JSON is sent as that JSON (PROTOCOL 6.4)."""
    if value is None:
        return None
    if not any(name.lower() == names.CONTENT_TYPE for name in headers):
        headers["Content-Type"] = names.JSON
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return json.dumps(value).encode()
        return value.encode()
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
