"""Saving steps while a function goes on (PROTOCOL 9.2)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import body_of, desk_of
from inngest_py.dev.api.replies import error
from inngest_py.dev.call import job_of
from inngest_py.dev.happenings import Checkpointed
from inngest_py.dev.reply import read_ops
from inngest_py.dev.shapes import as_list, as_object, as_text
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode


async def save(request: Request) -> Response:
    """Save the steps of an async checkpoint."""
    fields = as_object(decode(await body_of(request))) or {}
    listed = as_list(fields.get("steps"))
    if listed is None:
        raise InvalidJSONError("steps must be a list of operations")
    ops = read_ops(listed)
    run_id, job_id = request.path_params["id"], job_of(as_text(fields.get("qi_id")))
    refusal = await desk_of(request).engine.submit(Checkpointed(run_id, job_id, ops))
    if refusal == "run not found":
        return error(refusal, 404)
    if refusal:
        return error(refusal, 400)
    return Response()
