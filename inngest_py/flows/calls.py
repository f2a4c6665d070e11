"""A call, from its body to the reply: read it, run the function, say how far it came (PROTOCOL 5)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, cast

from inngest_py import performer
from inngest_py.config.checkpointing import Checkpointing
from inngest_py.engine.checkpoints import NO_CHECKPOINTS, Checkpointed, Checkpoints
from inngest_py.engine.effects import Execute, Flow
from inngest_py.engine.hooks import NO_HOOKS
from inngest_py.engine.memory import Memory
from inngest_py.engine.plan import Plan
from inngest_py.engine.run import Outcome, Raised, Reply, Returned, Terms, conclude
from inngest_py.engine.verdict import Policy
from inngest_py.errors import StepError
from inngest_py.flows.checkpoints import Saver, Silence, can_checkpoint
from inngest_py.function import FAILED_EVENT, INVOKED_EVENT, Function
from inngest_py.middleware.base import CallInput, MiddlewareFactory
from inngest_py.middleware.chain import Chain
from inngest_py.middleware.logging import context_logger
from inngest_py.performer import FunctionRun
from inngest_py.settings import Settings
from inngest_py.wire.call import Call
from inngest_py.wire.event import Event, read_event
from inngest_py.wire.failure import step_error, user_traceback
from inngest_py.wire.http import Request


class App(performer.App, Protocol):
    """What a call needs to know of the app: its client."""

    settings: Settings
    logger: logging.Logger
    middleware: Sequence[MiddlewareFactory]
    checkpointing: Checkpointing | None
    silence: Silence


def run_call(
    app: App, function: Function[Any], call: Call, request: Request, clock: Callable[[], float]
) -> Flow[Reply]:
    """Run a function as a call asks. Raises StepNotFoundError if a targeted step was never met."""
    makers = (*app.middleware, *function.middleware)
    chain = Chain([make(cast("Any", app), request) for make in makers]) if makers else None
    policy = Policy(call.attempt, call.max_attempts, function.retries)
    checkpoints = _checkpoints(app, function, call, clock)
    terms = Terms(function.app_id, call.run_id, policy, chain or NO_HOOKS, checkpoints)
    draft = CallInput(call.run_id, call.attempt, call.event, list(call.events), max_attempts=call.max_attempts)
    if chain is None:
        plan = _plan(call, call.steps)
        outcome = yield from _execute(app, function, call, draft, plan=plan, terms=terms)
        return (yield from conclude(plan, outcome, terms, function.id))
    plan, reply = Plan(Memory({})), None
    try:
        with ExitStack() as around:
            try:
                around.enter_context(chain.around_call(draft, function))
                plan = _plan(call, (yield from chain.transform_input(draft, function, call.steps)))
                outcome = yield from _execute(app, function, call, draft, plan=plan, terms=terms)
                outcome = yield from _changed(chain, plan, outcome)
            except Exception as error:
                outcome = Raised(error)
            reply = yield from conclude(plan, outcome, terms, function.id)
            yield from chain.before_response()
    except Exception:
        if reply is None:
            raise
        app.logger.exception("inngest: function %s: a hook failed when the reply was known", function.id)
    return reply


def _plan(call: Call, memos: Mapping[str, Any]) -> Plan:
    return Plan(Memory(memos, call.stack), target=call.target, immediate=call.immediate)


def _execute(
    app: App, function: Function[Any], call: Call, draft: CallInput, *, plan: Plan, terms: Terms
) -> Flow[Outcome]:
    """Run the function, unless what it takes cannot be made of what came."""
    try:
        fields = context_fields(function, call, draft, app.logger)
        outcome: Outcome = yield Execute(FunctionRun(function=function, plan=plan, terms=terms, fields=fields, app=app))
    except Exception as error:
        return Raised(error)
    return outcome


def _changed(chain: Chain, plan: Plan, outcome: Outcome) -> Flow[Outcome]:
    """The outcome as the middleware wants it. What comes of a function after it was stopped at a step is ignored."""
    yield from chain.after_execution()
    if plan.interrupted:
        return outcome
    if isinstance(outcome, Returned):
        return Returned((yield from chain.function_output(outcome.value, None)).output)
    if isinstance(outcome, Raised):
        yield from chain.function_output(None, outcome.error)
    return outcome


def _checkpoints(app: App, function: Function[Any], call: Call, clock: Callable[[], float]) -> Checkpoints:
    config = app.checkpointing if function.checkpointing is None else function.checkpointing
    if not isinstance(config, Checkpointing) or not can_checkpoint(call) or app.silence.lasts(clock()):
        return NO_CHECKPOINTS
    saver = Saver(app.settings, call, clock, app.silence)
    return Checkpointed(config, saver.save, saver.elapsed)


def log_reply(logger: logging.Logger, function: Function[Any], run_id: str, reply: Reply) -> None:
    """Tell the log what went wrong in a call, if anything did, with the ids of the run and the step as fields."""
    fields = {"run_id": run_id, "step_id": reply.step_id}
    for note in reply.notes:
        logger.warning("inngest: function %s: %s", function.id, note, extra=fields)
    error = reply.error
    if isinstance(error, StepError):
        logger.error("inngest: function %s failed: %s", function.id, error, extra=fields)
    elif error is not None:
        about = (type(error), error, user_traceback(error))
        logger.error("inngest: function %s: an attempt failed", function.id, exc_info=about, extra=fields)


def context_fields(function: Function[Any], call: Call, draft: CallInput, logger: logging.Logger) -> dict[str, Any]:
    """What the context of a call holds besides steps. Raises EventDataError if an event does not fit its type."""
    event = typed_event(function, draft.event)
    events = [typed_event(function, one) for one in draft.events] if len(draft.events) > 1 else [event]
    fields: dict[str, Any] = {
        "app_id": function.app_id,
        "attempt": call.attempt,
        "event": event,
        "events": events,
        "extra": draft.extra,
        "function": function,
        "job_id": call.id("job_id"),
        "logger": context_logger(logger),
        "max_attempts": call.max_attempts,
        "request_id": call.id("request_id"),
        "run_id": call.run_id,
    }
    if draft.event.name == FAILED_EVENT:
        fields |= _about_failure(function, draft.event)
    return fields


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
    return {"error": step_error("", event.data.get("error")), "failed_event": _failed_event(function, event)}


def _failed_event(function: Function[Any], event: Event[dict[str, Any]]) -> Event[Any] | None:
    """The event of the run that failed, in its type; None if that is why it failed."""
    try:
        return typed_event(function, read_event(event.data.get("event")))
    except Exception:  # whatever a validator of the user's raises
        return None
