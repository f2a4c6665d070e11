"""Active runs: their state for an app that fetches it, and cancelling (PROTOCOL 9.1, 11)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import desk_of
from inngest_py.dev.api.replies import error, raw
from inngest_py.dev.call import memos_text
from inngest_py.dev.happenings import CancelRequested
from inngest_py.dev.live import Live
from inngest_py.dev.texts import events_text
from inngest_py.wire.ulid import ulid_time


async def actions(request: Request) -> Response:
    """The memos of a run."""
    found = _live(request)
    return raw(memos_text(found)) if isinstance(found, Live) else found


async def batch(request: Request) -> Response:
    """The events of a run."""
    found = _live(request)
    return raw(events_text(found.events, bare=True)) if isinstance(found, Live) else found


async def cancel(request: Request) -> Response:
    """Cancel a run. One that has ended stays as it is, and that is no mistake."""
    run_id, engine = request.path_params["id"], desk_of(request).engine
    if not await engine.submit(CancelRequested(run_id)) and await engine.read(engine.store.run, run_id) is None:
        return error(f"Unable to load function run: {run_id}", 404)
    return Response()


async def cancel_quietly(request: Request) -> Response:
    """Cancel a run, whether there is one or not."""
    await desk_of(request).engine.submit(CancelRequested(request.path_params["id"]))
    return Response(status_code=204)


def _live(request: Request) -> Live | Response:
    run_id = request.path_params["id"]
    try:
        ulid_time(run_id)
    except ValueError:
        return error("The run ID specified is invalid", 400)
    live = desk_of(request).engine.state.live.get(run_id)
    return live or error(f"runtime state is no longer available for runID: {run_id}", 410)
