"""The list of runs."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.api.paging import is_ulid
from inngest_py.dev.model import RunStatus
from inngest_py.dev.ui.pages.filters import filters_of
from inngest_py.dev.ui.pages.missing import refused
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.queries import LONGEST, listed_runs
from inngest_py.dev.ui.render import page
from inngest_py.errors import RequestError

FILTERS: Final = ("q", "status", "function", "app", "since")
SINCE: Final = {"": "any time", "15m": "last 15 minutes", "1h": "last hour", "1d": "last day", "7d": "last week"}


async def show(request: Request) -> Response:
    """A page of runs. The whole id of a run leads to it."""
    parlour, query = parlour_of(request), request.query_params
    desk = parlour.desk
    asked = query.get("q", "").strip().upper()
    if is_ulid(asked) and await desk.engine.read(desk.engine.store.run, asked) is not None:
        return RedirectResponse(f"/runs/{asked}", 303)
    try:
        listed = await listed_runs(parlour, query)
    except RequestError as fault:
        return refused(request, str(fault))
    state = desk.engine.state
    return page(
        request,
        "runs.html",
        **filters_of(request, FILTERS, listed.cursor),
        listed=listed,
        statuses=[status.value for status in RunStatus],
        since=SINCE,
        longest=LONGEST,
        functions=sorted((slug, each.name) for slug, each in state.functions.items()),
        apps=sorted(state.apps),
    )
