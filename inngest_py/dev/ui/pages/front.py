"""The first page, and what belongs to no page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from inngest_py.dev.api.replies import not_found
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.queries import has_runs
from inngest_py.dev.ui.render import KINDS, file_of, page
from inngest_py.dev.ui.views.starters import STARTERS, environment


async def show(request: Request) -> Response:
    """The runs; for somebody who has no app yet, how to make one."""
    desk = parlour_of(request).desk
    known = bool(desk.engine.state.apps) or await has_runs(desk)
    return RedirectResponse("/runs" if known else "/welcome", 303)


async def welcome(request: Request) -> Response:
    """How to make an app, and whether one has been found."""
    parlour = parlour_of(request)
    apps = [app for app in parlour.desk.engine.state.apps.values() if app.archived_at is None]
    functions = [each for each in parlour.desk.engine.state.functions.values() if each.archived_at is None]
    problems = list(parlour.problems.values())
    where = environment(request.scope["server"][1], keyed=parlour.desk.signing_key is not None)
    return page(
        request, "welcome.html", starters=STARTERS, where=where, apps=apps, functions=functions, problems=problems
    )


async def live(request: Request) -> Response:
    """What changes, from now on."""
    messages = parlour_of(request).hub.messages()
    return StreamingResponse(messages, media_type="text/event-stream")


async def static(request: Request) -> Response:
    """A file that pages load. Its address has its version in it."""
    name = request.path_params["name"]
    if name not in KINDS:
        return not_found()
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(file_of(name), headers=kept, media_type=KINDS[name])
