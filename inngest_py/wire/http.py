"""A request and a response, as every framework and both sides of the protocol see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """What came in: the method, the absolute URL with its query, headers with lower-case names, and the raw body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @classmethod
    def of(cls, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Request:
        """Make a request out of what a framework gives; header names may have any case."""
        return cls(method, url, {name.lower(): value for name, value in headers}, body)

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters, decoded; of a repeated one the last value. No URL is too malformed to have some."""
        return _parameters(self.url.partition("#")[0].partition("?")[2])


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out: the status, the headers and the raw body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


@lru_cache(maxsize=128)
def _parameters(query: str) -> Mapping[str, str]:
    """The parameters of a query. Calls of one function have the same one, mostly."""
    return MappingProxyType(dict(parse_qsl(query, keep_blank_values=True)))
