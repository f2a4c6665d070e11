"""What has happened: events, runs and their steps, read from the store (PROTOCOL 11)."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import Desk, desk_of
from inngest_py.dev.api.replies import count, data, error
from inngest_py.dev.decide.steps import unwrapped
from inngest_py.dev.duration import iso, parse_date
from inngest_py.dev.model import ACCOUNT_ID, ENVIRONMENT_ID, Event, Job, Run, RunStatus, Step
from inngest_py.dev.store.port import LATEST, EventFilter, RunFilter
from inngest_py.errors import RequestError
from inngest_py.wire.ulid import ulid_time

_PAGE: Final = 20
_LONGEST_PAGE: Final = 100


async def events(request: Request) -> Response:
    """A page of events, newest first: `limit`, `cursor`, `name`, `received_after`, `internal=false`."""
    engine, query = desk_of(request).engine, request.query_params
    limit = count(query, "limit", _PAGE, _LONGEST_PAGE)
    wanted = EventFilter(
        name=query.get("name", ""),
        since=_date(query.get("received_after", "")),
        internal=query.get("internal") != "false",
        before=await _event_place(request, query.get("cursor", "")),
        limit=limit,
    )
    found = await engine.read(engine.store.events, wanted)
    return data([_event(event) for event in found], engine.clock(), next_cursor=_next(found, limit))


async def event(request: Request) -> Response:
    """One event by its internal id."""
    engine, event_id = desk_of(request).engine, request.path_params["id"]
    if not _is_ulid(event_id):
        return error(f"Invalid event ID: {event_id}", 400)
    found = await engine.read(engine.store.event, event_id)
    return error("Event not found", 404) if found is None else data(_event(found), engine.clock())


async def runs_of_event(request: Request) -> Response:
    """The runs that an event started."""
    desk = desk_of(request)
    found = await desk.engine.read(desk.engine.store.runs_of_event, request.path_params["id"])
    return data([_run(desk, run) for run in found], desk.engine.clock())


async def runs(request: Request) -> Response:
    """A page of runs, newest first: `limit`, `cursor`, `status`, `function`, `app`."""
    desk, query = desk_of(request), request.query_params
    limit = count(query, "limit", _PAGE, _LONGEST_PAGE)
    wanted = RunFilter(
        status=_status(query.get("status", "")),
        function=query.get("function", ""),
        app=query.get("app", ""),
        before=await _run_place(request, query.get("cursor", "")),
        limit=limit,
    )
    found = await desk.engine.read(desk.engine.store.runs, wanted)
    return data([_run(desk, run) for run in found], desk.engine.clock(), next_cursor=_next(found, limit))


async def run(request: Request) -> Response:
    """One run; with `steps=true` also its steps and its events."""
    desk, run_id = desk_of(request), request.path_params["id"]
    found = await _found(request)
    if found is None:
        return _no_run(run_id)
    shown = _run(desk, found)
    if request.query_params.get("steps") == "true":
        steps = await desk.engine.read(desk.engine.store.steps, run_id)
        shown["steps"] = [_step(step) for step in steps]
        shown["events"] = [_event(part) for part in await _events(desk, found)]
    return data(shown, desk.engine.clock())


async def steps(request: Request) -> Response:
    """The steps of a run, in the order in which they were found."""
    engine, run_id = desk_of(request).engine, request.path_params["id"]
    if await _found(request) is None:
        return _no_run(run_id)
    found = await engine.read(engine.store.steps, run_id)
    return data([_step(step) for step in found], engine.clock())


async def jobs(request: Request) -> Response:
    """What is queued of a run."""
    engine, run_id = desk_of(request).engine, request.path_params["id"]
    found = await engine.read(engine.store.jobs, run_id)
    return data([_job(job) for job in found], engine.clock())


async def _found(request: Request) -> Run | None:
    engine = desk_of(request).engine
    return await engine.read(engine.store.run, request.path_params["id"])


async def _events(desk: Desk, shown: Run) -> list[Event]:
    found = [await desk.engine.read(desk.engine.store.event, event_id) for event_id in shown.events]
    return [part for part in found if part is not None]


def _no_run(run_id: str) -> Response:
    if not _is_ulid(run_id):
        return error(f"Invalid run ID: {run_id}", 400)
    return error(f"Unable to load function run: {run_id}", 404)


def _is_ulid(text: str) -> bool:
    try:
        ulid_time(text)
    except ValueError:
        return False
    return True


def _date(text: str) -> int:
    try:
        return parse_date(text) if text else 0
    except ValueError as fault:
        raise RequestError(str(fault)) from None


def _status(text: str) -> str:
    known = {status.value.lower(): status.value for status in RunStatus}
    if text and text.lower() not in known:
        raise RequestError(f"there is no status {text!r}; there is {', '.join(known.values())}")
    return known.get(text.lower(), "")


async def _event_place(request: Request, cursor: str) -> tuple[int, str]:
    engine = desk_of(request).engine
    found = await engine.read(engine.store.event, cursor) if cursor else None
    if cursor and found is None:
        raise RequestError("Invalid cursor query parameter")
    return LATEST if found is None else (found.received_at, found.id)


async def _run_place(request: Request, cursor: str) -> tuple[int, str]:
    engine = desk_of(request).engine
    found = await engine.read(engine.store.run, cursor) if cursor else None
    if cursor and found is None:
        raise RequestError("Invalid cursor query parameter")
    return LATEST if found is None else (found.created_at, found.id)


def _next(found: list[Run] | list[Event], limit: int) -> str | None:
    return found[-1].id if len(found) == limit else None


def _event(it: Event) -> dict[str, Any]:
    return {
        "internal_id": it.id,
        "account_id": ACCOUNT_ID,
        "environment_id": ENVIRONMENT_ID,
        "source": "",
        "source_id": None,
        "received_at": iso(it.received_at),
        "id": it.key or it.id,
        "name": it.name,
        "data": json.loads(it.data),
        "ts": it.ts,
    }


def _run(desk: Desk, it: Run) -> dict[str, Any]:
    function = desk.engine.state.functions.get(it.function)
    shown: dict[str, Any] = {
        "run_id": it.id,
        "run_started_at": iso(it.created_at),
        "function_id": "" if function is None else function.uuid,
        "function_version": 0 if function is None else function.version,
        "environment_id": ENVIRONMENT_ID,
        "event_id": it.events[0],
        "status": it.status.value,
        "ended_at": _iso(it.ended_at),
        "function": it.function,
        "function_name": it.function if function is None else function.name,
        "app": it.app_id,
        "event_name": it.event_name,
        "queued_at": iso(it.created_at),
        "started_at": _iso(it.started_at),
        "duration_ms": _between(it.started_at, it.ended_at),
    }
    shown |= {key: value for key, value in (("batch_id", it.batch_id), ("cron", it.cron)) if value}
    if it.status in _WITH_OUTPUT:
        shown["output"] = _output(it)
    return shown


_WITH_OUTPUT: Final = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}


def _output(it: Run) -> Any:
    """The result; of a failed run what the app said, or what this server says in its place (PROTOCOL 7.1)."""
    if it.status is RunStatus.CANCELLED:
        return {}
    if it.output is not None:
        return json.loads(it.output)
    return {"error": json.loads(it.error or "null")}


def _step(it: Step) -> dict[str, Any]:
    output = None if it.memo is None or it.error is not None else json.loads(unwrapped(it.memo, it.op))
    return {
        "id": it.id,
        "name": it.name,
        "op": it.op,
        "status": it.status.value,
        "attempts": it.attempts,
        "queued_at": iso(it.queued_at),
        "started_at": _iso(it.started_at),
        "ended_at": _iso(it.ended_at),
        "duration_ms": _between(it.started_at or it.queued_at, it.ended_at),
        "input": None if it.input is None else json.loads(it.input),
        "output": output,
        "error": None if it.error is None else json.loads(it.error),
    }


def _job(it: Job) -> dict[str, Any]:
    kind = "start" if it.generation == 0 else "edge"
    return {
        "JobID": it.id,
        "at": iso(it.at),
        "position": 0,
        "kind": kind,
        "attempt": it.attempt,
        "status": it.status.value,
    }


def _iso(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else end - start
