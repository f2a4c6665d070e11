"""Who has signed in, where the server has a signing key. Times are Unix milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inngest_py.dev.duration import HOUR

COOKIE: Final = "inngest_session"
LIFE: Final = 12 * HOUR
_MOST: Final = 100


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
