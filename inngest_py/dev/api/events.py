"""Sending events and signals, and running a function by hand (PROTOCOL 10)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inngest_py.dev.api.desk import body_of, desk_of
from inngest_py.dev.api.replies import data, error
from inngest_py.dev.happenings import EventsReceived, InvokeRequested, SignalSent
from inngest_py.dev.ingest import invoke_event, read_events
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.dev.texts import text_of
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode
from inngest_py.wire.headers import EVENT_ID_SEED


async def send(request: Request) -> Response:
    """Take in events. The reply is sent when they are stored."""
    desk = desk_of(request)
    if desk.event_keys and request.path_params["key"] not in desk.event_keys:
        return JSONResponse({"status": 401, "message": "", "error": "Event key not found"}, 401)
    body = await body_of(request)
    engine = desk.engine
    intake = read_events(body, request.headers.get(EVENT_ID_SEED), engine.clock(), engine.ids)
    if intake.events:
        await engine.submit(EventsReceived(intake.events))
    ids = [event.id for event in intake.events] or [""]
    if intake.error:
        return JSONResponse({"ids": ids, "status": 400, "error": intake.error}, 400)
    return JSONResponse({"ids": ids, "status": 200})


async def invoke(request: Request) -> Response:
    """Run a function. Other than on the real server an unknown one is a mistake: 404."""
    engine, slug = desk_of(request).engine, request.path_params["slug"]
    try:
        event = invoke_event(await body_of(request), slug, engine.clock(), engine.ids)
    except InvalidJSONError as fault:
        return error(f"Unable to read post data request: {fault}", 400)
    if not await engine.submit(InvokeRequested(slug, event)):
        return error(f"could not find function with ID: {slug}", 404)
    return JSONResponse({"id": event.id, "status": 200})


async def signal(request: Request) -> Response:
    """Hand a signal to the run that waits for it."""
    engine = desk_of(request).engine
    payload = as_object(decode(await body_of(request))) or {}
    name = as_text(payload.get("signal"))
    if not name:
        return error("Failed to receive signal: it needs a name", 400)
    run_id = await engine.submit(SignalSent(name, text_of(payload.get("data"))))
    if run_id is None:
        return error("No signal found", 404)
    return data({"run_id": run_id}, engine.clock())
