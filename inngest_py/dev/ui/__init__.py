"""The web UI of the dev server: pages that the server renders, and that stay up to date by themselves.

`pages` ask and answer, `views` say what a page shows, as frozen values, `templates` say how. What comes from events and
outputs is text wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inngest_py.dev.ui.door import Door, answered
from inngest_py.dev.ui.pages import actions, apps, events, front, functions, run, runs, send, signing_in
from inngest_py.dev.ui.pages.missing import lost
from inngest_py.dev.ui.parlour import Parlour

__all__ = ["Parlour", "lost_in", "routes"]


def routes(parlour: Parlour) -> list[Route]:
    """The pages, and what they need."""
    closed, open_ = [Middleware(Door, parlour=parlour)], [Middleware(Door, parlour=parlour, open_=True)]
    return [
        Route("/", front.show, middleware=closed),
        Route("/welcome", front.welcome, middleware=closed),
        Route("/runs", runs.show, middleware=closed),
        Route("/runs/{id}", run.show, middleware=closed),
        Route("/runs/{id}/text/{part}", run.text, middleware=closed),
        Route("/runs/{id}/export", run.export, middleware=closed),
        Route("/runs/{id}/rerun", actions.rerun, methods=["POST"], middleware=closed),
        Route("/runs/{id}/cancel", actions.cancel, methods=["POST"], middleware=closed),
        Route("/events", events.show, middleware=closed),
        Route("/events/{id}", events.one, middleware=closed),
        Route("/events/{id}/text", events.text, middleware=closed),
        Route("/events/{id}/send", actions.send_again, methods=["POST"], middleware=closed),
        Route("/send", send.show, middleware=closed),
        Route("/send", send.send, methods=["POST"], middleware=closed),
        Route("/functions", functions.show, middleware=closed),
        Route("/functions/{slug:path}/invoke", functions.invoke, methods=["POST"], middleware=closed),
        Route("/functions/{slug:path}", functions.one, middleware=closed),
        Route("/apps", apps.show, middleware=closed),
        Route("/apps", apps.add, methods=["POST"], middleware=closed),
        Route("/apps/forget", apps.forget, methods=["POST"], middleware=closed),
        Route("/ui/live", front.live, middleware=closed),
        Route("/ui/static/{name}", front.static, middleware=open_),
        Route("/sign-in", signing_in.show, middleware=open_),
        Route("/sign-in", signing_in.sign_in, methods=["POST"], middleware=open_),
        Route("/sign-out", signing_in.sign_out, methods=["POST"], middleware=closed),
    ]


def lost_in(parlour: Parlour) -> Callable[[Request, int], Response]:
    """What answers a browser that has come to no page, with a status that says why not."""
    return lambda request, status: answered(parlour, request, lambda it: lost(it, status))
