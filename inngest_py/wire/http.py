"""A request and a response, as every framework and both sides of the protocol see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query parameters, decoded; of a repeated one the last value. No URL is too malformed to have some."""
        text = self.url.partition("#")[0].partition("?")[2]
        return dict(parse_qsl(text, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out: the status, the headers and the raw body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
