"""A request and a response, as every framework and both sides of the protocol see them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote

_PIECE: Final = 64 * 1024


@dataclass
class Request:
    """What came in: the method, the absolute URL with its query, headers with lower-case names, and the raw body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    _query: Mapping[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Request:
        """Make a request out of what a framework gives; header names may have any case."""
        return cls(method, url, {name.lower(): value for name, value in headers}, body)

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, decoded; of a repeated one the last value. No URL is too malformed to have some."""
        if self._query is None:
            self._query = _parameters(self.url.partition("#")[0].partition("?")[2])
        return self._query


class Chunks(Protocol):
    """A body that comes bit by bit, once: to plain code, or to a coroutine.

    Close the generator when the client has left.
    """

    def __iter__(self) -> Generator[bytes]:
        """Give each bit when it is there."""
        ...

    def __aiter__(self) -> AsyncGenerator[bytes]:
        """Give each bit when it is there."""
        ...


@dataclass(slots=True)
class Response:
    """What goes out: the status, the headers and the raw body, or `chunks` in place of the body if it is streamed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    chunks: Chunks | None = None


def read_at_most(size: int, read: Callable[[int], bytes]) -> bytes:
    """Read a body in pieces: all of it, or of one that is larger than `size` a little more than that.

    One that breaks off, because its client has left or does not say how long it is, is what there was of it: that is
    no JSON, and not what was signed, so it is refused as such.
    """
    pieces: list[bytes] = []
    with suppress(OSError):
        while size >= 0 and (piece := read(_PIECE)):
            pieces.append(piece)
            size -= len(piece)
    return b"".join(pieces)


@lru_cache(maxsize=64)
def quoted(path: str | bytes, safe: str = "") -> str:
    """A path as it is written in a URL. What is `safe` stays as it is, as a % that is part of a code."""
    return quote(path, safe=f"/:@!$&'()*+,;=~{safe}")


@lru_cache(maxsize=128)
def _parameters(query: str) -> Mapping[str, str]:
    """The parameters of a query. Calls of one function have the same one, mostly."""
    return MappingProxyType(dict(parse_qsl(query, keep_blank_values=True)))
