"""A call, from its body to the reply: read it, run the function, say how far it came (PROTOCOL 5)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from inngest_py.engine.effects import Execute, Flow
from inngest_py.engine.memory import Memory
from inngest_py.engine.plan import Plan
from inngest_py.engine.run import Outcome, Raised, Reply, conclude
from inngest_py.engine.verdict import Policy
from inngest_py.errors import EventDataError, InngestError
from inngest_py.function import FAILED_EVENT, INVOKED_EVENT, Function
from inngest_py.performer import FunctionRun
from inngest_py.wire.call import Call
from inngest_py.wire.event import Event, read_event
from inngest_py.wire.failure import step_error


def run_call(
    function: Function[Any],
    call: Call,
    logger: logging.Logger,
    send: Callable[[Any], list[str]],
    asend: Callable[[Any], Awaitable[list[str]]],
) -> Flow[Reply]:
    """Run a function as a call asks. Raises StepNotFoundError if a targeted step was never met."""
    plan = Plan(Memory(call.steps, call.stack), target=call.target, immediate=call.immediate)
    policy = Policy(call.attempt, call.max_attempts, function.retries)
    try:
        fields = context_fields(function, call, logger)
    except EventDataError as error:
        outcome: Outcome = Raised(error)
    else:
        run = FunctionRun(function=function, plan=plan, policy=policy, fields=fields, send=send, asend=asend)
        outcome = yield Execute(run)
    return conclude(plan, outcome, policy, function.id)


def context_fields(function: Function[Any], call: Call, logger: logging.Logger) -> dict[str, Any]:
    """What the context of a call holds besides steps. Raises EventDataError if an event does not fit its type."""
    events = [typed_event(function, event) for event in call.events]
    fields: dict[str, Any] = {
        "app_id": function.app_id,
        "attempt": call.attempt,
        "event": events[0],
        "events": events,
        "function": function,
        "job_id": call.id("job_id"),
        "logger": logger,
        "max_attempts": call.max_attempts,
        "request_id": call.id("request_id"),
        "run_id": call.run_id,
    }
    return fields | _about_failure(function, call.event)


def typed_event(function: Function[Any], event: Event[dict[str, Any]]) -> Event[Any]:
    """An event in its type, if the function knows one for it; an invoked one without the server's own field."""
    event_type = function.event_type(event.name)
    if event_type is not None:
        return event_type.read(event)
    if event.name == INVOKED_EVENT and "_inngest" in event.data:
        data = {key: value for key, value in event.data.items() if key != "_inngest"}
        return Event(name=event.name, data=data, id=event.id, ts=event.ts, v=event.v, user=event.user)
    return event


def _about_failure(function: Function[Any], event: Event[dict[str, Any]]) -> dict[str, Any]:
    """What an `on_failure` handler is told: the error, and the event of the run that failed (PROTOCOL 15.1)."""
    if event.name != FAILED_EVENT:
        return {}
    about: dict[str, Any] = {"error": step_error("", event.data.get("error"))}
    failed = cast("Sequence[object] | object | None", event.data.get("event"))
    try:
        about["failed_event"] = typed_event(function, read_event(failed)) if failed is not None else None
    except InngestError:
        about["failed_event"] = None
    return about
