"""One run: its steps over time, and one of them in full."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from inngest_py.dev.api.history import events_of, with_its_steps
from inngest_py.dev.api.logs import MOST
from inngest_py.dev.model import Attempt, Run
from inngest_py.dev.recorded import document_of
from inngest_py.dev.ui.kin import origin_of, started_by_end, started_by_step
from inngest_py.dev.ui.pages.missing import missing, refused
from inngest_py.dev.ui.parlour import parlour_of
from inngest_py.dev.ui.queries import rows_of
from inngest_py.dev.ui.render import page
from inngest_py.dev.ui.views.detail import error_text, failures, run_view, step_text, step_view
from inngest_py.dev.ui.views.events import event_view
from inngest_py.dev.ui.views.happened import happened, log_text
from inngest_py.dev.ui.views.waterfall import waterfall

MOST_LINES: Final = 500
"""How many lines of its app the page of a run shows: the last ones."""


async def show(request: Request) -> Response:
    """A run, and the step that is asked for."""
    return await _shown(request, request.path_params["id"], request.query_params.get("step", ""))


async def again(request: Request, run_id: str, step: str, written: str | None, wrong: str) -> Response:
    """The page of a step that cannot be repeated with what was `written`, which stands there to be mended."""
    return await _shown(request, run_id, step, written, wrong)


async def _shown(request: Request, run_id: str, step: str, written: str | None = None, wrong: str = "") -> Response:
    parlour = parlour_of(request)
    desk, engine = parlour.desk, parlour.desk.engine
    run = await engine.read(engine.store.run, run_id)
    if run is None:
        return missing(request, "run", run_id)
    steps = await engine.read(engine.store.steps, run_id)
    events = await events_of(desk, run)
    attempts = await engine.read(desk.archive.attempts, run_id)
    logged = await engine.read(desk.archive.log_lines, run_id, MOST_LINES)
    lines = len(logged) if len(logged) < MOST_LINES else await engine.read(desk.archive.log_size, run_id)
    now, live = engine.clock(), engine.state.live.get(run_id)
    chosen = next((each for each in steps if each.id == step), None)
    known = run.function in engine.state.functions
    if wrong and (chosen is None or written is None or not known):
        return refused(request, wrong)
    return page(
        request,
        "run.html",
        400 if wrong else 200,
        address=f"/runs/{run_id}?step={quote(step)}" if wrong else "",
        written=written,
        wrong=wrong,
        run=run_view(run, rows_of(desk, [run])[0].name, live, now),
        chart=waterfall(run, steps, attempts, now),
        chosen=None if chosen is None else step_view(run, chosen, live, now),
        origin=await origin_of(parlour, run, events),
        started=await (started_by_end(parlour, run) if chosen is None else started_by_step(parlour, run, chosen)),
        failures=failures(_of(attempts, "" if chosen is None else chosen.id), run_id),
        events=[event_view(event) for event in events],
        lines=happened(run, steps, attempts, logged),
        logged=lines,
        most_lines=MOST_LINES,
        known=known,
    )


async def text(request: Request) -> Response:
    """The whole output, error or log of a run, or the input, output or error of a step, as plain text."""
    desk, params = parlour_of(request).desk, request.path_params
    engine = desk.engine
    run = await engine.read(engine.store.run, params["id"])
    wanted, at, found = request.query_params.get("step"), request.query_params.get("at"), None
    if at is not None:
        attempts = _of(await engine.read(desk.archive.attempts, params["id"]), wanted or "")
        found = next((error_text(attempt.error) for attempt in attempts if str(attempt.ended_at) == at), None)
    elif run is not None and params["part"] == "log":
        found = log_text(await engine.read(desk.archive.log_lines, run.id, MOST))
    elif run is not None and wanted is None:
        found = _run_text(run, params["part"])
    elif run is not None:
        steps = await engine.read(engine.store.steps, run.id)
        found = next((step_text(step, params["part"]) for step in steps if step.id == wanted), None)
    return missing(request, "value", params["part"]) if found is None else PlainTextResponse(found)


async def export(request: Request) -> Response:
    """A run as a file that a test replays, the same that `inngest-py runs ID --export` writes."""
    desk, run_id = parlour_of(request).desk, request.path_params["id"]
    run = await desk.engine.read(desk.engine.store.run, run_id)
    if run is None:
        return missing(request, "run", run_id)
    text = json.dumps(document_of(await with_its_steps(desk, run)), indent=2, ensure_ascii=False)
    named = f'attachment; filename="run-{run.id[-6:]}.json"'
    return Response(f"{text}\n", media_type="application/json", headers={"Content-Disposition": named})


def _of(attempts: Iterable[Attempt], step_id: str) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.step_id == step_id]


def _run_text(run: Run, part: str) -> str | None:
    if part == "error":
        return None if run.error is None else error_text(run.error)
    return run.output if part == "output" else None
