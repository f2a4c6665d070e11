"""What follows from the answer to a request that was made for a step (PROTOCOL 6.3, 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from inngest_py.dev.decide.jobs import put_back
from inngest_py.dev.decide.steps import go_on, memoise, remember
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import FetchAnswered
from inngest_py.dev.live import Live
from inngest_py.dev.model import DISCOVERY, Job, JobKind, JobStatus, StepStatus
from inngest_py.dev.notices import StepRetrying
from inngest_py.dev.problems import problem_of
from inngest_py.dev.reply import FetchReply
from inngest_py.dev.texts import text_of
from inngest_py.errors import InvalidJSONError
from inngest_py.wire.codec import JSON, decode
from inngest_py.wire.ops import Opcode

_GOOD: Final = range(200, 300)


def answered(turn: Turn, happening: FetchAnswered) -> None:
    """Make the answer the step's result; or have the app asked again, or fail the step."""
    job = turn.state.jobs.get(happening.job_id)
    if job is None or job.generation != happening.generation or job.status is not JobStatus.RUNNING:
        return
    live = turn.state.live[job.run_id]
    ai = live.steps[job.step_id].op == Opcode.AI_GATEWAY
    error = _error(happening.reply, ai=ai)
    if error is None:
        _resolve(turn, live, job, '{"data":' + _data(happening.reply, ai=ai) + "}", None)
    elif job.attempt + 1 < job.max_attempts:
        _retry(turn, live, job, error)
    else:
        _resolve(turn, live, job, text_of({"error": dict(error)}), text_of(dict(error)))


def _resolve(turn: Turn, live: Live, job: Job, memo: str, error: str | None) -> None:
    status = StepStatus.COMPLETED if error is None else StepStatus.FAILED
    step = replace(live.steps[job.step_id], status=status, error=error)
    turn.drop(job)
    memoise(turn, live, step, memo, began=job.started_at or turn.now)
    go_on(turn, live, job.group)


def _retry(turn: Turn, live: Live, job: Job, error: Mapping[str, Any]) -> None:
    """Ask the app again later: it reports the request anew (PROTOCOL 6.4)."""
    at = turn.now + turn.state.rules.retry_delay(job.attempt, turn.ids.fraction())
    step = live.steps[job.step_id]
    remember(turn, job, step.id, dict(error), at)
    turn.put(replace(step, status=StepStatus.RETRYING, error=text_of(dict(error))))
    turn.tell(
        StepRetrying(
            **turn.about(live),
            step_id=step.id,
            step=step.name,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            retry_at=at,
            duration=turn.now - (job.started_at or turn.now),
            error=problem_of(error),
        )
    )
    step_id = "" if job.target == DISCOVERY else job.target
    put_back(turn, replace(job, kind=JobKind.CALL, step_id=step_id, request=""), at, job.attempt + 1)


def _error(reply: FetchReply, *, ai: bool) -> dict[str, Any] | None:
    if reply.fault and not ai:
        return {"name": "GatewayError", "message": f"Error making gateway request: {reply.fault}"}
    if reply.fault:
        return {"name": "AIGatewayError", "message": f"Error making AI request: {reply.fault}"}
    if not ai or reply.status in _GOOD:
        return None
    message = f"Error making AI request: unsuccessful status code: {reply.status}"
    stack = reply.body.decode(errors="replace")
    return {"name": "AIGatewayError", "message": message, "data": _parsed(reply.body), "stack": stack}


def _data(reply: FetchReply, *, ai: bool) -> str:
    if ai:
        return text_of(_parsed(reply.body))
    headers: dict[str, JSON] = {
        "-".join(part.capitalize() for part in key.split("-")): value for key, value in reply.headers.items()
    }
    body = reply.body.decode(errors="replace")
    return text_of({"url": reply.url, "status_code": reply.status, "headers": headers, "body": body})


def _parsed(body: bytes) -> Any:
    try:
        return decode(body)
    except InvalidJSONError:
        return body.decode(errors="replace")
