"""Makes the requests that were decided, over HTTP. The one importer of aiohttp.

aiohttp, because it makes some ten thousand requests a second where httpx makes four hundred.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp

from inngest_py.dev.decisions import Call, Fetch
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
_KEY_HEADERS: Final = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}


class _TooLargeError(Exception):
    """A body that is larger than a reply may be."""


class HTTPExecutor:
    """Calls apps over HTTP, a hundred at a time. `clock` gives Unix milliseconds.

    Connections are kept for a second: servers close idle ones after two or more, and a request must not meet that.
    """

    def __init__(self, clock: Callable[[], int], signing_key: SigningKey | None = None) -> None:
        self._clock = clock
        self._key = signing_key
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the client, on the running loop."""
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_AT_ONCE, keepalive_timeout=_KEPT),
            timeout=aiohttp.ClientTimeout(total=_LONGEST, sock_connect=_CONNECT),
            trace_configs=[trace],
            cookie_jar=aiohttp.DummyCookieJar(),
            json_serialize=json.dumps,
        )

    async def stop(self) -> None:
        """Close the client."""
        if self._session is not None:
            await self._session.close()

    async def call(self, call: Call) -> Reply:
        """Call an app, and read its reply."""
        headers = {**call.headers, "Accept-Encoding": "gzip", **self._signature(call.body)}
        try:
            response = await self._follow("POST", call.url, headers, call.body)
        except _TooLargeError:
            return too_large()
        except TimeoutError as error:
            return unreachable(str(error)) if isinstance(error, aiohttp.ServerConnectionError) else too_slow()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return unreachable(_reason(error))
        return read_reply(response, self._clock())

    async def fetch(self, fetch: Fetch) -> FetchReply:
        """Make the request of a Gateway or AIGateway step (PROTOCOL 6.4)."""
        options = fetch.options
        url = str(options.get("url") or "")
        method = str(options.get("method") or "POST").upper()
        headers = _string_headers(options.get("headers")) | _key_header(options)
        try:
            response = await self._follow(method, url, headers, _fetch_body(options.get("body"), headers))
        except _TooLargeError:
            return FetchReply(url=url, fault="the response is larger than 8 MiB")
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
            return FetchReply(url=url, fault="Unable to reach SDK URL")
        return FetchReply(url, response.status, response.headers, response.body)

    async def put(self, url: str, body: bytes, seconds: float) -> FetchReply:
        """Ask an app to register (PROTOCOL 3.1)."""
        headers = {"Content-Type": names.JSON, "X-Inngest-Server-Kind": "dev", **self._signature(body)}
        try:
            async with asyncio.timeout(seconds):
                response = await self._follow("PUT", url, headers, body)
        except _TooLargeError:
            return FetchReply(url=url, fault="the reply is too large")
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            return FetchReply(url=url, fault=_reason(error))
        return FetchReply(url, response.status, response.headers, response.body)

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._key is None:
            return {}
        return {"X-Inngest-Signature": sign(self._key, body, self._clock() // 1000)}

    async def _follow(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        """Make a request and follow redirects, which keep its method, body, headers and query (PROTOCOL 1.1)."""
        left = _MAX_REDIRECTS
        while True:
            response = await self._send(method, url, headers, body)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location or not left:
                return response
            url, left = _redirected(url, location), left - 1

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        reuse = SimpleNamespace(reused=False)
        try:
            return await self._send_once(method, url, headers, body, reuse)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not reuse.reused:
                raise
        return await self._send_once(method, url, headers, body, SimpleNamespace(reused=False))

    async def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, reuse: SimpleNamespace
    ) -> Response:
        if self._session is None:
            raise RuntimeError("the executor is not started")
        async with self._session.request(
            method, url, headers=headers, data=body, allow_redirects=False, trace_request_ctx=reuse
        ) as response:
            read = await _read(response)
            return Response(response.status, {key.lower(): value for key, value in response.headers.items()}, read)


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
    if isinstance(error, aiohttp.ClientConnectorError):
        return (error.os_error.strerror or str(error.os_error)).lower()
    return str(error) or type(error).__name__


async def _note_reuse(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.reused = True


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts, size = list[bytes](), 0
    async for part in response.content.iter_chunked(1 << 16):
        size += len(part)
        if size > MAX_REPLY:
            raise _TooLargeError
        parts.append(part)
    return b"".join(parts)


def _redirected(url: str, location: str) -> str:
    target = urlsplit(urljoin(url, location))
    return urlunsplit(target._replace(query=target.query or urlsplit(url).query))


def _string_headers(value: Any) -> dict[str, str]:
    return {key: str(part) for key, part in (as_object(value) or {}).items()}


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
