"""The request that asks an app to run a function (PROTOCOL 1.1, 5.1), joined from texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from inngest_py.dev.live import Live
from inngest_py.dev.model import ACCOUNT_ID, DISCOVERY, Function, Job
from inngest_py.dev.texts import event_text, events_text, quoted
from inngest_py.wire import headers as names

_FLAGS: Final = {True: "true", False: "false"}

MAX_BODY: Final = 4 * 1024 * 1024
MAX_STATE: Final = MAX_BODY - 1024
"""Beyond these sizes the app is told to fetch what it needs (PROTOCOL 9.1)."""


def call_url(url: str, target: str) -> str:
    """The URL of a function with its `stepId` set."""
    return _without_target(url) + target


@lru_cache(maxsize=4096)
def _without_target(url: str) -> str:
    """The URL of a function up to the value of its `stepId`, which comes last."""
    scheme, netloc, path, query, _ = urlsplit(url)
    parameters = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key != "stepId"]
    return urlunsplit((scheme, netloc, path, urlencode([*parameters, ("stepId", "")]), ""))


def call_headers(live: Live, job: Job, request_id: str) -> Mapping[str, str]:
    """The headers of a call, all but the signature."""
    return {
        "User-Agent": "Inngest",
        "Content-Type": names.JSON,
        "Account-Id": ACCOUNT_ID,
        "X-Inngest-Server-Kind": "dev",
        "X-Inngest-Req-Version": str(live.run.version),
        "X-Inngest-Generation-Id": str(job.generation),
        "X-Inngest-Job-Id": job.id,
        "X-Inngest-Step-Id": job.target,
        "X-Request-Id": request_id,
        "X-Run-Id": live.run.id,
    }


def call_body(live: Live, function: Function, job: Job, request_id: str, *, force_plan: bool) -> bytes:
    """The body of a call: canonical JSON."""
    if live.size > MAX_STATE:
        return _joined(live, function, job, request_id, force_plan=force_plan, use_api=True, events=True)
    body = _joined(live, function, job, request_id, force_plan=force_plan, use_api=False, events=True)
    if len(body) > MAX_BODY:
        return _joined(live, function, job, request_id, force_plan=force_plan, use_api=True, events=False)
    return body


def memos_text(live: Live) -> str:
    """The memos by hashed step id, as JSON text."""
    return "{" + ",".join(live.parts) + "}"


def qi_id(job_id: str) -> str:
    """The opaque id of a queue item that the checkpoint API is given back."""
    return base64.b64encode(f"{job_id}::default".encode()).decode()


def job_of(qi: str) -> str:
    """The job of a queue item id, or an empty string."""
    try:
        return base64.b64decode(qi, validate=True).decode().partition("::")[0]
    except ValueError:
        return ""


def _joined(
    live: Live, function: Function, job: Job, request_id: str, *, force_plan: bool, use_api: bool, events: bool
) -> bytes:
    ctx = _ctx(live, function, job, request_id, force_plan=force_plan, use_api=use_api)
    listed = events_text(live.events) if events else "[]"
    steps = "{}" if use_api else memos_text(live)
    return (
        f'{{"ctx":{ctx},"defers":{_defers(live)},"event":{event_text(live.events[0])},"events":{listed}'
        f',"steps":{steps},"use_api":{_FLAGS[use_api]},"version":{live.run.version}}}'
    ).encode()


def _defers(live: Live) -> str:
    listed = (f'{quoted(each.id)}:{{"abortable":{_FLAGS[not each.aborted]}}}' for each in live.defers.values())
    return "{" + ",".join(listed) + "}"


def _ctx(live: Live, function: Function, job: Job, request_id: str, *, force_plan: bool, use_api: bool) -> str:
    """What a call is about. Of the words in it only ids of steps come from outside, and those are quoted already."""
    return (
        f'{{"attempt":{job.attempt},"disable_immediate_execution":{_FLAGS[force_plan]},"env":""'
        f',"fn_id":"{function.uuid}","generation_id":{job.generation},"job_id":"{job.id}"'
        f',"max_attempts":{job.max_attempts},"qi_id":"{qi_id(job.id)}","request_id":"{request_id}"'
        f',"run_id":"{live.run.id}","stack":{{"current":{len(live.stack)},"stack":[{",".join(live.stack)}]}}'
        f',"step_id":"{DISCOVERY}","use_api":{_FLAGS[use_api]}}}'
    )
