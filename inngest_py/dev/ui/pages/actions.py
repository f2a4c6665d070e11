"""What a button does: cancel a run or repeat it, send an event again."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inngest_py.dev.api.reruns import repeat
from inngest_py.dev.happenings import CancelRequested, EventsReceived
from inngest_py.dev.ui.forms import form_of, json_value
from inngest_py.dev.ui.pages.missing import missing
from inngest_py.dev.ui.pages.run import again
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.errors import InvalidJSONError, RequestError


async def cancel(request: Request) -> Response:
    """Cancel a run."""
    run_id = request.path_params["id"]
    await parlour_of(request).desk.engine.submit(CancelRequested(run_id))
    return RedirectResponse(f"/runs/{run_id}", 303)


async def rerun(request: Request) -> Response:
    """Repeat a run, perhaps from a step on. An input that is what it was is left to the code."""
    desk, run_id = parlour_of(request).desk, request.path_params["id"]
    form = await form_of(request)
    step, text = form.get("step"), form.get("input")
    written = None if text == form.get("before", "") else text
    try:
        made = await repeat(desk, run_id, step, None if written is None else json_value(written, "the input"))
    except (InvalidJSONError, RequestError) as fault:
        return await again(request, run_id, step or "", written, f"It was not run: {fault}")
    return missing(request, "run", run_id) if made is None else RedirectResponse(f"/runs/{made}", 303)


async def send_again(request: Request) -> Response:
    """Send an event again, as a new one: the key of its sender would make it the same one."""
    engine, event_id = parlour_of(request).desk.engine, request.path_params["id"]
    event = await engine.read(engine.store.event, event_id)
    if event is None:
        return missing(request, "event", event_id)
    now = engine.clock()
    again = replace(event, id=engine.ids.ulid(now), key="", ts=now, received_at=now, seeded=False)
    await engine.submit(EventsReceived((again,)))
    return RedirectResponse(f"/events/{again.id}", 303)
