"""What the pages work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from inngest_py.dev.api.desk import Desk
from inngest_py.dev.notices import AppUnreachable
from inngest_py.dev.store.port import Archive
from inngest_py.dev.ui.live import Hub
from inngest_py.dev.ui.sessions import Sessions

SCOPE = "inngest.parlour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parlour:
    """The desk of the server; who looks on, who has signed in; the apps that cannot be synced, by URL.

    `add` begins to watch the app at a URL, and returns when it has been asked once; `forget` ends that.
    """

    desk: Desk
    hub: Hub
    sessions: Sessions
    problems: Mapping[str, AppUnreachable]
    add: Callable[[str], Awaitable[None]]
    forget: Callable[[str], None]

    @property
    def archive(self) -> Archive:
        """The history of the server."""
        return self.desk.archive


def parlour_of(request: Request) -> Parlour:
    """The parlour of the server that a request came to."""
    return cast("Parlour", request.scope[SCOPE])
