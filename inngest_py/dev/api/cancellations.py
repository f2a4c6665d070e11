"""Cancelling many runs of a function together (PROTOCOL 11)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from inngest_py.dev.api import paging
from inngest_py.dev.api.desk import Desk, body_of, desk_of
from inngest_py.dev.api.replies import data, error
from inngest_py.dev.api.views import cancellation_view
from inngest_py.dev.decide.cancellations import REASON
from inngest_py.dev.duration import parse_date
from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.happenings import BulkCancelRequested, CancellationRemoved, CancelRequested
from inngest_py.dev.model import Cancellation, Function
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.errors import ConfigError, RequestError
from inngest_py.wire.codec import decode

_PORTION: Final = 50
_REQUIRED: Final = ("app_id", "function_id", "started_before")


async def create(request: Request) -> Response:
    """Cancel the runs of a function that started between two times, and whose event fits. It is done at once."""
    desk = desk_of(request)
    fields = as_object(decode(await body_of(request))) or {}
    missing = [name for name in _REQUIRED if not as_text(fields.get(name))]
    if missing:
        raise RequestError("\n".join(f"{name} is required" for name in missing))
    function = _function(desk, fields["app_id"], fields["function_id"])
    if function is None:
        return error("function not found", 404)
    now = desk.engine.clock()
    cancellation = Cancellation(
        id=desk.engine.ids.ulid(now),
        function=function.slug,
        app_id=function.app_id,
        started_after=_time(fields, "started_after"),
        started_before=_time(fields, "started_before") or 0,
        expression=_expression(fields),
        created_at=now,
    )
    fitting = await desk.engine.submit(BulkCancelRequested(cancellation))
    reply = data(cancellation_view(cancellation), now, cancelled=await _cancel(desk, fitting))
    reply.status_code = 201
    return reply


async def listed(request: Request) -> Response:
    """A page of the cancellations that are in force, or were made in the last 24 hours, newest first."""
    engine, limit = desk_of(request).engine, paging.limit(request.query_params)
    place = paging.place(request.query_params)
    known = sorted(engine.state.cancellations.values(), key=lambda it: (it.created_at, it.id), reverse=True)
    behind = [it for it in known if (it.created_at, it.id) < place]
    found, cursor = paging.page(behind[: limit + 1], limit)
    return data([cancellation_view(it) for it in found], engine.clock(), next_cursor=cursor)


async def remove(request: Request) -> Response:
    """Cancel no more runs. What was cancelled stays so."""
    cancellation_id = request.path_params["id"]
    if not await desk_of(request).engine.submit(CancellationRemoved(cancellation_id)):
        return error(f"there is no cancellation {cancellation_id}", 404)
    return Response(status_code=204)


async def _cancel(desk: Desk, run_ids: Sequence[str]) -> int:
    """Cancel runs, a portion after the other. Returns how many were active."""
    done = 0
    for start in range(0, len(run_ids), _PORTION):
        portion = run_ids[start : start + _PORTION]
        done += sum(await asyncio.gather(*(desk.engine.submit(CancelRequested(each, REASON)) for each in portion)))
    return done


def _function(desk: Desk, app_id: str, function_id: str) -> Function | None:
    """A function of an app, by its slug or without the app's id in front."""
    functions = desk.engine.state.functions
    found = functions.get(function_id) or functions.get(f"{app_id}-{function_id}")
    return found if found is not None and found.app_id == app_id else None


def _time(fields: Mapping[str, Any], name: str) -> int | None:
    text = as_text(fields.get(name))
    try:
        return parse_date(text) if text else None
    except ValueError as fault:
        raise RequestError(f"{name}: {fault}") from None


def _expression(fields: Mapping[str, Any]) -> str:
    text = as_text(fields.get("if"))
    try:
        if text:
            compile_expression(text, EVENT)
    except ConfigError as fault:
        raise RequestError(f"if: {fault}") from None
    return text
