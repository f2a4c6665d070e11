"""The stream of events, and one of them."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from inngest_py.dev.ui.pages.filters import filters_of
from inngest_py.dev.ui.pages.missing import missing, refused
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.queries import caused_by, listed_events
from inngest_py.dev.ui.render import page
from inngest_py.dev.ui.views.events import event_view
from inngest_py.dev.ui.views.examples import event_names
from inngest_py.errors import RequestError

_FILTERS: Final = ("name", "internal")


async def show(request: Request) -> Response:
    """A page of events."""
    parlour, query = parlour_of(request), request.query_params
    try:
        rows, cursor = await listed_events(parlour, query)
    except RequestError as fault:
        return refused(request, str(fault))
    return page(
        request,
        "events.html",
        **filters_of(request, _FILTERS, cursor),
        rows=rows,
        names=event_names(parlour.desk.engine.state.functions.values()),
    )


async def one(request: Request) -> Response:
    """An event, and the runs that it caused."""
    parlour, event_id = parlour_of(request), request.path_params["id"]
    event = await parlour.desk.engine.read(parlour.desk.engine.store.event, event_id)
    if event is None:
        return missing(request, "event", event_id)
    return page(request, "event.html", event=event_view(event), runs=await caused_by(parlour, event))


async def text(request: Request) -> Response:
    """The whole data of an event, as plain text."""
    engine, event_id = parlour_of(request).desk.engine, request.path_params["id"]
    event = await engine.read(engine.store.event, event_id)
    return missing(request, "event", event_id) if event is None else PlainTextResponse(event.data)
