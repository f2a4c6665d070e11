"""Sending an event by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.happenings import EventsReceived
from inngest_py.dev.ingest import read_events
from inngest_py.dev.store.port import EventFilter
from inngest_py.dev.ui.forms import form_of, json_object
from inngest_py.dev.ui.offers import faults, offer
from inngest_py.dev.ui.parlour import Parlour, parlour_of
from inngest_py.dev.ui.render import page
from inngest_py.dev.ui.views.examples import editable, event_names
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import encode

_LAST: Final = 8


async def show(request: Request) -> Response:
    """An event to be written: an empty one, an example of a name, or one that was sent before."""
    engine, query = parlour_of(request).desk.engine, request.query_params
    given = await engine.read(engine.store.event, query.get("from", ""))
    name = query.get("name", "") if given is None else given.name
    return await _form(request, name, None if given is None else editable(given))


async def send(request: Request) -> Response:
    """Send what was written, or say what is wrong with it; what an app would not understand is sent if need be."""
    form, parlour = await form_of(request), parlour_of(request)
    name, text = form.get("name", "").strip(), form.get("data", "")
    engine = parlour.desk.engine
    try:
        written: dict[str, Any] = {"name": name, "data": json_object(text)}
        intake = read_events(encode(written), None, engine.clock(), engine.ids)
    except InvalidJSONError as fault:
        return await _form(request, name, text, str(fault))
    if intake.error:
        return await _form(request, name, text, intake.error)
    unfit = () if "anyway" in form else faults(parlour, name, written["data"], text)
    if unfit:
        return await _form(request, name, text, unfit=unfit)
    await engine.submit(EventsReceived(intake.events))
    return RedirectResponse(f"/events/{intake.events[0].id}", 303)


async def _form(
    request: Request, name: str, written: str | None, wrong: str = "", unfit: Sequence[str] = ()
) -> Response:
    """The page, with what was `written`, or else with an example."""
    parlour = parlour_of(request)
    offered = await offer(parlour, name)
    return page(
        request,
        "send.html",
        400 if wrong or unfit else 200,
        name=name,
        data=offered.example if written is None else written,
        parts=offered.parts,
        wrong=wrong,
        unfit=unfit,
        names=event_names(parlour.desk.engine.state.functions.values()),
        last=await _last(parlour),
    )


async def _last(parlour: Parlour) -> list[Any]:
    """The last events that somebody sent."""
    engine = parlour.desk.engine
    return await engine.read(engine.store.events, EventFilter(internal=False, limit=_LAST))
