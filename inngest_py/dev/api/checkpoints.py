"""Saving steps while a function goes on (PROTOCOL 9.2)."""

from __future__ import annotations

from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api.desk import body_of, desk_of
from inngest_py.dev.api.replies import error
from inngest_py.dev.call import job_of
from inngest_py.dev.happenings import Checkpointed
from inngest_py.dev.reply import read_ops
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import decode


async def save(request: Request) -> Response:
    """Save the steps of an async checkpoint."""
    payload = decode(await body_of(request))
    fields = cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
    listed = fields.get("steps")
    if not isinstance(listed, list):
        raise InvalidJSONError("steps must be a list of operations")
    ops = read_ops(cast("list[Any]", listed))
    run_id, job_id = request.path_params["id"], job_of(str(fields.get("qi_id") or ""))
    refusal = await desk_of(request).engine.submit(Checkpointed(run_id, job_id, ops))
    if refusal == "run not found":
        return error(refusal, 404)
    if refusal:
        return error(refusal, 400)
    return Response()
