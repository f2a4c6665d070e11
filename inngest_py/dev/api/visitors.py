"""From where a request may come: under which names the server is called, and from pages of which sites.

A name in `Host` that is not the server's own says that somebody's DNS has been pointed at this machine, so that a page
of theirs may read what is here (DNS rebinding). An address cannot be pointed anywhere, and is always good.

A browser says from which site a page comes that wants to change something. Programs say nothing of the kind.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_OWN: Final = frozenset({"localhost", "host.docker.internal", "gateway.docker.internal", "host.containers.internal"})
"""The names that this machine has for itself, and for containers on it."""

_READING: Final = frozenset({"GET", "HEAD"})
_OF_A_PERSON: Final = frozenset({"same-origin", "none"})
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a request says about where it comes from; what it does not say is empty. `site` is `Sec-Fetch-Site`.

    `events` says whether it is for the event API.
    """

    method: str
    events: bool = False
    host: str = ""
    origin: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Who may come in. `names` are the server's besides those that each machine has.

    A server that is `keyed` wants a key for everything, so that who has none gets nowhere under any name; it answers
    under all of them, unless there are `names`.
    """

    names: frozenset[str] = field(default_factory=frozenset[str])
    keyed: bool = False

    def refusal(self, visit: Visit) -> str:
        """Why a request is not let in, and what to do about it; empty if it is."""
        if not self.knows(visit.host):
            return (
                f"This server does not answer to the name {name_of(visit.host)[:_LONGEST]!r}. "
                "If it is this machine's, start the server with --allowed-host and that name."
            )
        if visit.method in _READING or self._is_welcome(visit):
            return ""
        return (
            f"A page of another site ({(visit.origin or visit.site)[:_LONGEST]}) may not change anything here. "
            "Send the request from a program, or from a page of this server."
        )

    def knows(self, authority: str) -> bool:
        """Whether the name in a `Host` is one of the server's."""
        name = name_of(authority)
        return _is_own(name) or name in self.names or (self.keyed and not self.names)

    def shares(self, origin: str) -> bool:
        """Whether pages of an origin may send events and see the reply: with a key all, without one this machine's."""
        return self.keyed or (bool(origin) and self.knows(_netloc(origin)))

    def _is_welcome(self, visit: Visit) -> bool:
        if visit.events and visit.origin:
            return self.shares(visit.origin)
        if visit.site:
            return visit.site in _OF_A_PERSON
        return not visit.origin or _netloc(visit.origin) == visit.host


@lru_cache(maxsize=256)
def name_of(authority: str) -> str:
    """The name or address in `name:port`, in small letters; empty if it cannot be read."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=256)
def _is_own(name: str) -> bool:
    if name in _OWN or name.endswith(".localhost"):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
