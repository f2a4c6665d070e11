"""Answers in the place of what an engine does not have: other apps' functions, and servers on the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol

from inngest_py.dev.decisions import Call, Fetch
from inngest_py.dev.flow import Flow as FlowControl
from inngest_py.dev.happenings import AppRegistered
from inngest_py.dev.live import Live
from inngest_py.dev.model import App, Function, Job
from inngest_py.dev.reply import FetchReply, ReplyOp
from inngest_py.dev.simulation import Simulation
from inngest_py.engine.answers import FetchResponse
from inngest_py.errors import NonRetriableError, UsageError
from inngest_py.testing.journal import Journal
from inngest_py.testing.stubbing import Stubs
from inngest_py.testing.stubs import StepCall
from inngest_py.wire import headers
from inngest_py.wire.codec import encode
from inngest_py.wire.failure import failure_of
from inngest_py.wire.http import Response
from inngest_py.wire.ops import Opcode

_ELSEWHERE: Final = "http://elsewhere.test/"
_SDK: Final = {headers.SDK: headers.SDK_VERSION, headers.REQ_VERSION: headers.REQUEST_VERSION}


class Stage(Protocol):
    """What is needed of the stage."""

    @property
    def simulation(self) -> Simulation:
        """The scheduler."""
        ...

    @property
    def stubs(self) -> Stubs:
        """The stubs of the test."""
        ...

    def journal(self, run_id: str) -> Journal:
        """The journal of a run."""
        ...


def prepare(stage: Stage, function_id: str, step_id: str, op: ReplyOp) -> None:
    """See to it that a function that is about to be invoked is there, if only as its stub.

    Raises UsageError if there is neither: a server would fail the step.
    """
    if op.code is not Opcode.INVOKE_FUNCTION:
        return
    target = str(op.opts.get("function_id"))
    if target in stage.simulation.state.functions:
        return
    if stage.stubs.find(function_id, step_id) is None:
        raise UsageError(
            f'step "{step_id}" of {function_id} invokes {target}, which is not here: give a stub, '
            f"steps={{{step_id!r}: ...}}, or the client that declares it"
        )
    app_id = target.rpartition("-")[0] or target
    app = App(id=f"{app_id} (stub)", url=_ELSEWHERE + target)
    function = Function(
        slug=target, app_id=app.id, name=target, url=app.url, triggers=(), retries=4, flow=FlowControl(), config="{}"
    )
    stage.simulation.happen(AppRegistered(app, (function,)))


def answer_invoked(stage: Stage, live: Live, call: Call) -> Response | None:
    """The answer of the stub of the step that has invoked a run, or None if it has none."""
    parent_id, _, hashed = live.run.correlation.partition(".")
    parent = stage.simulation.store.run(parent_id) if parent_id else None
    step = stage.journal(parent_id).steps.get(hashed) if parent is not None else None
    stub = None if parent is None or step is None else stage.stubs.find(parent.function, step.id)
    if step is None or stub is None:
        return None
    body = json.loads(call.body)
    data = {key: value for key, value in body["event"]["data"].items() if key != "_inngest"}
    asked = StepCall(step.id, parent_id, body["ctx"]["attempt"], (data,), opts=step.opts)
    try:
        return Response(HTTPStatus.OK, _SDK, encode(stub.answer(asked)))
    except UsageError:
        raise
    except Exception as error:
        more = {headers.NO_RETRY: "true"} if isinstance(error, NonRetriableError) else {}
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, _SDK | more, encode(failure_of(error).to_json()))


def answer_fetch(stage: Stage, fetch: Fetch) -> None:
    """Answer the request of a step with its stub. Raises UsageError if it has none: there is no network in a test."""
    simulation = stage.simulation
    job = simulation.state.jobs[fetch.job_id]
    live = simulation.state.live[job.run_id]
    step = stage.journal(live.run.id).steps[job.step_id]
    stub = stage.stubs.find(live.run.function, step.id)
    if stub is None:
        raise UsageError(
            f'step "{step.id}" of {live.run.function} has the server make a request to {fetch.options.get("url")}, '
            f"and there is no network in a test: give a stub, steps={{{step.id!r}: ...}}"
        )
    simulation.fetched(fetch, _fetched(fetch, stub, _asked(step.id, job, fetch.options)))


def _asked(step_id: str, job: Job, options: Mapping[str, Any]) -> StepCall:
    return StepCall(step_id, job.run_id, job.attempt, (), {}, options)


def _fetched(fetch: Fetch, stub: Any, asked: StepCall) -> FetchReply:
    url = str(fetch.options.get("url"))
    try:
        answer = stub.answer(asked)
    except UsageError:
        raise
    except Exception as error:
        return FetchReply(url=url, fault=str(error) or type(error).__name__)
    if isinstance(answer, FetchResponse):
        return FetchReply(answer.url or url, answer.status, dict(answer.headers), answer.body.encode())
    if isinstance(answer, str):
        return FetchReply(url, HTTPStatus.OK, {}, answer.encode())
    return FetchReply(url, HTTPStatus.OK, {"content-type": headers.JSON}, encode(answer))
