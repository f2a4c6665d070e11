"""Connections to servers, kept for a moment after each request, so that the next one need not wait for one."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import quote, unquote, urlsplit

from inngest_py.dev.exchange import Exchange, request_bytes
from inngest_py.wire.http import Response

_HAPPY_EYEBALLS: Final = 0.25
_PORTS: Final = {"http": 80, "https": 443}
_AS_THEY_ARE: Final = "/%:@!$&'()*+,;=~?"

_Server: TypeAlias = tuple[bool, str, int]
_Idle: TypeAlias = tuple[float, Exchange]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL leads: whom to connect to, and what to ask there. `host` is for people; IPv6 has no brackets."""

    secure: bool
    host: str
    port: int
    named: str
    target: str
    authorization: str = ""


@lru_cache(maxsize=4096)
def read_address(url: str) -> Address:
    """Take a URL apart. Raises ValueError if it is none of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f'"{url}" is not the URL of an HTTP server')
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    shown = f"[{host}]" if ":" in host else host
    query = f"?{quote(parts.query, _AS_THEY_ARE)}" if parts.query else ""
    return Address(
        secure=parts.scheme == "https",
        host=host,
        port=parts.port or _PORTS[parts.scheme],
        named=shown if parts.port is None else f"{shown}:{parts.port}",
        target=quote(parts.path or "/", _AS_THEY_ARE) + query,
        authorization=_basic(parts.username, parts.password),
    )


def _basic(user: str | None, password: str | None) -> str:
    if user is None:
        return ""
    return "Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode()


def _server_of(address: Address) -> _Server:
    return address.secure, address.host, address.port


class Pool:
    """Makes requests, to each server `at_once` at a time, so that one that hangs holds up no other.

    Idle connections are kept for `kept` seconds.
    Servers close idle ones after two or more, and a request must not meet that. One that was sent is never made again
    here: whoever hung up without an answer may have begun to work.
    """

    def __init__(self, *, at_once: int, kept: float, patience: float, limit: int) -> None:
        self._free = defaultdict[_Server, asyncio.Semaphore](lambda: asyncio.Semaphore(at_once))
        self._kept = kept
        self._patience = patience
        self._limit = limit
        self._idle: dict[_Server, list[_Idle]] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._context: ssl.SSLContext | None = None

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        """Make a request; header names of the response are in lower case.

        Raises OSError where there is no connection, BrokenExchangeError, which is one, TooLargeError, or ValueError for
        what cannot be sent.
        """
        address = read_address(url)
        if address.authorization and not any(name.lower() == "authorization" for name in headers):
            headers = {**headers, "Authorization": address.authorization}
        request = request_bytes(method, address.target, address.named, headers, body)
        async with self._free[_server_of(address)]:
            return await self._exchange(address, request, bodiless=method == "HEAD")

    def close(self) -> None:
        """Close the connections that are idle."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for _, exchange in [entry for idle in self._idle.values() for entry in idle]:
            exchange.close()
        self._idle.clear()

    async def _exchange(self, address: Address, request: bytes, *, bodiless: bool) -> Response:
        kept = self._take(address) or await self._connect(address)
        return await self._use(address, kept, request, bodiless=bodiless)

    async def _use(self, address: Address, exchange: Exchange, request: bytes, *, bodiless: bool) -> Response:
        response = await exchange.request(request, bodiless=bodiless)
        if exchange.is_open:
            self._keep(address, exchange)
        else:
            exchange.close()
        return response

    async def _connect(self, address: Address) -> Exchange:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                _, exchange = await loop.create_connection(
                    lambda: Exchange(self._limit),
                    address.host,
                    address.port,
                    ssl=self._secure() if address.secure else None,
                    happy_eyeballs_delay=_HAPPY_EYEBALLS,
                )
        except TimeoutError:
            raise ConnectionError(f"no connection within {self._patience:.0f} s") from None
        return exchange

    def _secure(self) -> ssl.SSLContext:
        self._context = self._context or ssl.create_default_context()
        return self._context

    def _take(self, address: Address) -> Exchange | None:
        """The connection that was used last, for it is the one that is most likely still open."""
        idle = self._idle.get(_server_of(address))
        oldest = asyncio.get_running_loop().time() - self._kept
        while idle:
            since, exchange = idle.pop()
            if exchange.is_open and since >= oldest:
                return exchange
            exchange.close()
        return None

    def _keep(self, address: Address, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        self._idle.setdefault(_server_of(address), []).append((loop.time(), exchange))
        if self._sweeping is None:
            self._sweeping = loop.call_later(self._kept, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long; look again as long as anything is."""
        loop = asyncio.get_running_loop()
        self._sweeping = None
        for key, idle in list(self._idle.items()):
            kept = [entry for entry in idle if entry[1].is_open and entry[0] > loop.time() - self._kept]
            for entry in idle:
                if entry not in kept:
                    entry[1].close()
            if kept:
                self._idle[key] = kept
            else:
                del self._idle[key]
        if self._idle:
            self._sweeping = loop.call_later(self._kept, self._sweep)
