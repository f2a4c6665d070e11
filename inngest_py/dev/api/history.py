"""What has happened: events, runs and their steps, read from the store (PROTOCOL 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inngest_py.dev.api import paging
from inngest_py.dev.api.desk import Desk, desk_of
from inngest_py.dev.api.replies import data, error, flag
from inngest_py.dev.api.views import event_view, job_view, moment, run_output, run_view, step_view
from inngest_py.dev.duration import iso
from inngest_py.dev.model import FINAL, Event, Run, RunStatus
from inngest_py.dev.store.port import EventFilter, RunFilter
from inngest_py.errors import RequestError


async def events(request: Request) -> Response:
    """A page of events, newest first."""
    engine, query = desk_of(request).engine, request.query_params
    limit = paging.limit(query)
    wanted = EventFilter(
        name=query.get("name", ""),
        since=paging.after(query, "received_after"),
        until=paging.before(query, "received_before"),
        internal=flag(query, "internal", default=True),
        before=await event_place(desk_of(request), query),
        limit=limit + 1,
    )
    found, cursor = paging.page(await engine.read(engine.store.events, wanted), limit)
    return data([event_view(event) for event in found], engine.clock(), next_cursor=cursor)


async def event_place(desk: Desk, query: Mapping[str, str]) -> paging.Place:
    """Where a page of events begins. Its id may have been made of a seed, and say another time than it came at."""
    place = paging.place(query)
    found = await desk.engine.read(desk.engine.store.event, place[1])
    return place if found is None else (found.received_at, found.id)


async def event(request: Request) -> Response:
    """One event by its internal id."""
    engine, event_id = desk_of(request).engine, request.path_params["id"]
    if not paging.is_ulid(event_id):
        return _no_event(event_id)
    found = await engine.read(engine.store.event, event_id)
    return error("Event not found", 404) if found is None else data(event_view(found), engine.clock())


async def runs(request: Request) -> Response:
    """A page of runs, newest first."""
    return await _runs(request, "")


async def runs_of_event(request: Request) -> Response:
    """A page of the runs that an event is part of."""
    event_id = request.path_params["id"]
    return await _runs(request, event_id) if paging.is_ulid(event_id) else _no_event(event_id)


async def _runs(request: Request, event_id: str) -> Response:
    desk, query = desk_of(request), request.query_params
    limit = paging.limit(query)
    wanted = RunFilter(
        status=status_named(query.get("status", "")),
        function=query.get("function", ""),
        app=query.get("app", ""),
        event=event_id,
        since=paging.after(query, "started_after"),
        until=paging.before(query, "started_before"),
        before=paging.place(query),
        limit=limit + 1,
    )
    found, cursor = paging.page(await desk.engine.read(desk.engine.store.runs, wanted), limit)
    return data([run_view(desk, run) for run in found], desk.engine.clock(), next_cursor=cursor)


async def run(request: Request) -> Response:
    """One run; with `steps=true` also its steps and its events."""
    desk, run_id = desk_of(request), request.path_params["id"]
    with_steps = flag(request.query_params, "steps", default=False)
    found = await _found(request)
    if found is None:
        return no_run(run_id)
    shown = await with_its_steps(desk, found) if with_steps else run_view(desk, found)
    return data(shown, desk.engine.clock())


async def with_its_steps(desk: Desk, found: Run) -> dict[str, Any]:
    """A run with its steps and its events."""
    steps = await desk.engine.read(desk.engine.store.steps, found.id)
    events = await events_of(desk, found)
    shown = {"steps": [step_view(step) for step in steps], "events": [event_view(part) for part in events]}
    return run_view(desk, found) | shown


async def steps(request: Request) -> Response:
    """The steps of a run, in the order in which they were found."""
    engine, run_id = desk_of(request).engine, request.path_params["id"]
    if await _found(request) is None:
        return no_run(run_id)
    found = await engine.read(engine.store.steps, run_id)
    return data([step_view(step) for step in found], engine.clock())


async def jobs(request: Request) -> Response:
    """What is queued of a run."""
    engine, run_id = desk_of(request).engine, request.path_params["id"]
    if not paging.is_ulid(run_id):
        return no_run(run_id)
    live = engine.state.live.get(run_id)
    found = [] if live is None else sorted(live.jobs.values(), key=lambda job: (job.at, job.id))
    return data([job_view(job) for job in found], engine.clock())


async def run_v2(request: Request) -> Response:
    """One run, as version 2 of the API shows it."""
    desk, run_id = desk_of(request), request.path_params["id"]
    found = await _found(request)
    if found is None:
        return JSONResponse({"errors": [{"code": "not_found", "message": f"there is no run {run_id}"}]}, 404)
    function = desk.engine.state.functions.get(found.function)
    shown = {
        "app": {"id": found.app_id},
        "function": {"id": found.function, "name": found.function if function is None else function.name},
        "id": found.id,
        "queuedAt": iso(found.created_at),
        "startedAt": moment(found.started_at),
        "endedAt": moment(found.ended_at),
        "status": found.status.value.upper(),
        "trigger": {"eventIds": list(found.events)},
    }
    if found.status in FINAL:
        shown["output"] = run_output(found)
    return JSONResponse({"data": shown, "metadata": {"fetchedAt": iso(desk.engine.clock())}})


async def _found(request: Request) -> Run | None:
    engine = desk_of(request).engine
    return await engine.read(engine.store.run, request.path_params["id"])


async def events_of(desk: Desk, shown: Run) -> list[Event]:
    """The events of a run, but for those that have been forgotten."""
    found = [await desk.engine.read(desk.engine.store.event, event_id) for event_id in shown.events]
    return [part for part in found if part is not None]


def _no_event(event_id: str) -> Response:
    return error(f"Invalid event ID: {event_id}", 400)


def no_run(run_id: str) -> Response:
    """The reply to a request for a run that there is not."""
    if not paging.is_ulid(run_id):
        return error(f"Invalid run ID: {run_id}", 400)
    return error(f"Unable to load function run: {run_id}", 404)


def status_named(text: str) -> str:
    """The status with a name in any case, or an empty string for an empty one. Raises RequestError."""
    known = {status.value.lower(): status.value for status in RunStatus}
    if text and text.lower() not in known:
        raise RequestError(f"there is no status {text!r}; there is {', '.join(known.values())}")
    return known.get(text.lower(), "")
