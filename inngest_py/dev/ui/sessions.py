"""Who has signed in, where the server has a signing key. Times are Unix milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from inngest_py.dev.duration import HOUR

LIFE: Final = 12 * HOUR
_MOST: Final = 100
_PORT: Final = re.compile(r":(\d{1,5})$")


class Sessions:
    """Signed-in browsers, in memory: each has a token that nobody can guess. The oldest make room for new ones."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token
        self._ends: dict[str, int] = {}

    def open(self, now: int) -> str:
        """Begin a session. Returns its token."""
        while len(self._ends) >= _MOST:
            del self._ends[next(iter(self._ends))]
        token = self._token()
        self._ends[token] = now + LIFE
        return token

    def knows(self, token: str, now: int) -> bool:
        """Whether a token is one of a session that goes on."""
        return self._ends.get(token, now) > now

    def close(self, token: str) -> None:
        """End a session."""
        self._ends.pop(token, None)


def cookie_of(request: Request) -> str:
    """The name of the session's cookie: browsers share cookies among all ports of a host, and each has its own server.

    It is the port that the browser has gone to, which may be that of a proxy.
    """
    port = _PORT.search(request.headers.get("host", ""))
    return "inngest_session" + (f"_{port[1]}" if port else "")
