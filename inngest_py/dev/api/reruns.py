"""Repeating a run, from the beginning or from one of its steps on."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import Desk, body_of, desk_of
from inngest_py.dev.api.history import events_of
from inngest_py.dev.api.replies import data, error
from inngest_py.dev.happenings import RerunRequested
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.dev.texts import text_of
from inngest_py.errors import RequestError
from inngest_py.wire.codec import decode


async def create(request: Request) -> Response:
    """Repeat a run. The reply has the id of the new one."""
    desk, run_id = desk_of(request), request.path_params["id"]
    body = await body_of(request)
    fields = as_object(decode(body) if body.strip() else {})
    if fields is None:
        raise RequestError("the body must be a JSON object")
    step = as_object(fields.get("from_step"))
    if step is None and fields.get("from_step") is not None:
        raise RequestError('from_step must be an object, such as {"step_id": "charge-card", "input": [1]}')
    given = () if step is None else (as_text(step.get("step_id")), step.get("input"))
    made = await repeat(desk, run_id, *given)
    if made is None:
        return error(f"Unable to load function run: {run_id}", 404)
    reply = data({"run_id": made}, desk.engine.clock())
    reply.status_code = 201
    return reply


async def repeat(desk: Desk, run_id: str, step: str | None = None, given: Any = None) -> str | None:
    """Repeat a run, perhaps from a step on, which is named by its hashed id or by its name, with `given` as its input.

    Returns the new run's id, or None if there is no such run. Raises RequestError if it cannot be repeated like that.
    """
    engine = desk.engine
    run = await engine.read(engine.store.run, run_id)
    if run is None:
        return None
    events = await events_of(desk, run)
    if len(events) < len(run.events):
        raise RequestError(f"the event of run {run_id} has been forgotten; send it again instead")
    steps = [] if step is None else await engine.read(engine.store.steps, run_id)
    found = next((each for each in steps if step in {each.id, each.name}), None)
    if step is not None and found is None:
        raise RequestError(f"run {run_id} has no step {step!r}")
    if given is not None and as_list(given) is None:
        raise RequestError("input must be a list, the arguments of the step, such as [1]")
    happening = RerunRequested(
        run=run,
        events=tuple(events),
        steps=tuple(steps),
        from_step="" if found is None else found.id,
        input=None if given is None else text_of(given),
    )
    made: str | None = await engine.submit(happening)
    if made is None:
        raise RequestError(f"the function {run.function} of run {run_id} is not registered")
    return made
