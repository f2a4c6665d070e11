"""How a dev server is set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8288
DEFAULT_RETENTION: Final = timedelta(days=7)
DEFAULT_MAX_SIZE: Final = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a dev server.

    `urls` are apps to watch; they are asked to register at start and, if `poll`, every `poll_interval` seconds.
    `retry_interval` is a constant wait between attempts, in seconds, instead of the documented backoff (PROTOCOL 7.2).
    `persist` is the database; without it everything is kept in memory. Port 0 takes any free port. With a
    `signing_key` calls are signed and the API wants a bearer token; with `event_keys` only these may send events.
    `allowed_hosts` are names of this machine under which the server may be called besides the usual ones.
    Runs that have ended are kept for `retention`, and their events as long; the oldest go before that when all takes
    more than `max_size` bytes. None sets no such limit. What is active is always kept.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    urls: tuple[str, ...] = ()
    poll: bool = True
    poll_interval: float = 5.0
    retry_interval: float | None = None
    persist: Path | None = None
    signing_key: str | None = None
    event_keys: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    retention: timedelta | None = DEFAULT_RETENTION
    max_size: int | None = DEFAULT_MAX_SIZE


def server_kind(signing_key: object) -> str:
    """What this server is to apps: with a key like one in production, which verifies and signs (PROTOCOL 1.1)."""
    return "dev" if signing_key is None else "cloud"
