"""The functions: what starts them, what limits them, how they have done, and running one by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.happenings import InvokeRequested
from inngest_py.dev.ingest import invoke_event
from inngest_py.dev.model import Function
from inngest_py.dev.ui.forms import form_of, json_object
from inngest_py.dev.ui.offers import faults, offer, typed
from inngest_py.dev.ui.pages.missing import missing
from inngest_py.dev.ui.parlour import Parlour, parlour_of
from inngest_py.dev.ui.queries import recent_runs, rows_of
from inngest_py.dev.ui.render import page
from inngest_py.dev.ui.views.pulse import pulse
from inngest_py.dev.ui.views.rules import rules_of, triggers_of
from inngest_py.dev.ui.views.values import shown
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import encode


async def show(request: Request) -> Response:
    """All functions."""
    parlour = parlour_of(request)
    active = [each for each in parlour.desk.engine.state.functions.values() if each.archived_at is None]
    cards = [await _card(parlour, each) for each in sorted(active, key=lambda each: (each.app_id, each.name))]
    return page(request, "functions.html", cards=cards)


async def one(request: Request) -> Response:
    """A function."""
    slug = request.path_params["slug"]
    function = parlour_of(request).desk.engine.state.functions.get(slug)
    return missing(request, "function", slug) if function is None else await _shown(request, function)


async def _shown(
    request: Request, function: Function, written: str | None = None, wrong: str = "", unfit: Sequence[str] = ()
) -> Response:
    """The page of a function, perhaps with data that was `written` for it and cannot be taken, or should not be."""
    parlour = parlour_of(request)
    runs = await recent_runs(parlour.desk, function.slug)
    name = _invoked_as(parlour, function)
    offered = await offer(parlour, name)
    return page(
        request,
        "function.html",
        400 if wrong or unfit else 200,
        address=f"/functions/{quote(function.slug)}" if wrong or unfit else "",
        card=await _card(parlour, function),
        runs=rows_of(parlour.desk, runs[:10]),
        name=name,
        data=offered.example if written is None else written,
        parts=offered.parts,
        wrong=wrong,
        unfit=unfit,
        config=shown(function.config, ""),
    )


def _invoked_as(parlour: Parlour, function: Function) -> str:
    """The event whose data a function is invoked with: the one that is typed, or else the first; empty without any."""
    names = [trigger.event for trigger in function.triggers if trigger.event]
    known = [name for name in names if typed(parlour, name)]
    return known[0] if len(known) == 1 else next(iter(names), "")


async def invoke(request: Request) -> Response:
    """Run a function with the data that was written; with data that it would not understand if need be."""
    parlour, slug, form = parlour_of(request), request.path_params["slug"], await form_of(request)
    engine, written = parlour.desk.engine, form.get("data", "")
    function = engine.state.functions.get(slug)
    if function is None:
        return missing(request, "function", slug)
    try:
        data = json_object(written)
        event = invoke_event(encode({"data": data}), slug, engine.clock(), engine.ids)
    except InvalidJSONError as fault:
        return await _shown(request, function, written, f"It was not run: {fault}")
    unfit = () if "anyway" in form else faults(parlour, _invoked_as(parlour, function), data, written)
    if unfit:
        return await _shown(request, function, written, unfit=unfit)
    if not await engine.submit(InvokeRequested(slug, event)):
        return missing(request, "function", slug)
    return RedirectResponse(f"/events/{event.id}", 303)


async def _card(parlour: Parlour, function: Function) -> dict[str, Any]:
    now = parlour.desk.engine.clock()
    return {
        "function": function,
        "triggers": triggers_of(function, now),
        "rules": rules_of(function),
        "pulse": pulse(await recent_runs(parlour.desk, function.slug), now),
    }
