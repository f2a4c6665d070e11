"""A call: what the server asks when it wants a function to go on (PROTOCOL 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from inngest_py.errors import InvalidJSONError, RequestError
from inngest_py.wire.codec import as_list, as_object, decode
from inngest_py.wire.event import Event, read_event

DISCOVERY: Final = "step"
"""The `stepId` of a request that targets no step: run the function and say what is next."""


@dataclass(slots=True)
class Call:
    """One request to run a function.

    `attempt` counts from 0 and starts again with every step (PROTOCOL 5.1); `max_attempts` is the retries plus one.
    `steps` maps hashed step ids to memos (6.3), `stack` has the same ids in the order in which they were completed.
    `target` is the hashed id of the one step to execute, or None. `immediate` allows to execute a single new step
    in place. `use_api` means that steps and events are still to be fetched (9.1).
    """

    function_id: str
    target: str | None
    run_id: str
    attempt: int
    max_attempts: int | None
    immediate: bool
    use_api: bool
    event: Event[dict[str, Any]]
    events: Sequence[Event[dict[str, Any]]]
    steps: Mapping[str, Any]
    stack: Sequence[str]
    ids: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def id(self, name: str) -> str:
        """One of the opaque ids of `ctx`: `fn_id`, `job_id`, `request_id`, `qi_id`, `env`; empty if not given."""
        value = self.ids.get(name)
        return value if isinstance(value, str) else ""


def read_call(query: Mapping[str, str], body: bytes) -> Call:
    """Read a call from its query and body. Raises RequestError or InvalidJSONError, naming what is wrong."""
    function_id, step_id = _parameters(query)
    fields = _object(decode(body), "the body")
    ctx = _object(fields.get("ctx"), "ctx")
    event = read_event(fields.get("event"))
    return Call(
        function_id,
        None if step_id == DISCOVERY else step_id,
        _string(ctx, "run_id"),
        _number(ctx, "attempt") or 0,
        _number(ctx, "max_attempts"),
        ctx.get("disable_immediate_execution") is not True,
        ctx.get("use_api") is True or fields.get("use_api") is True,
        event,
        read_events(fields.get("events"), event),
        _object(fields.get("steps") or {}, "steps"),
        _stack(ctx.get("stack")),
        ctx,
    )


def read_events(body: object, first: Event[dict[str, Any]]) -> Sequence[Event[dict[str, Any]]]:
    """Read the list of events; older servers send none, and then it is the one event."""
    if not body:
        return (first,)
    events = as_list(body)
    if events is None:
        raise InvalidJSONError(f"events must be a list, not {_kind(body)}")
    return (first,) if len(events) == 1 else tuple(map(read_event, events))


def _parameters(query: Mapping[str, str]) -> tuple[str, str]:
    function_id = query.get("fnId", "")
    if not function_id:
        raise RequestError("the query parameter fnId is missing: a call must say which function to run")
    step_id = query.get("stepId", "")
    if not step_id:
        raise RequestError(
            f'the query parameter stepId is missing: a call for no step in particular says "{DISCOVERY}"'
        )
    return function_id, step_id


def _object(value: object, name: str) -> dict[str, Any]:
    fields = as_object(value)
    if fields is None:
        raise InvalidJSONError(f"{name} must be a JSON object, not {_kind(value)}")
    return fields


def _string(ctx: Mapping[str, Any], name: str) -> str:
    value = ctx.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidJSONError(f"ctx.{name} must be a string that is not empty, not {value!r:.60}")
    return value


def _number(ctx: Mapping[str, Any], name: str) -> int | None:
    value = ctx.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidJSONError(f"ctx.{name} must be a whole number from 0, not {value!r:.60}")
    return value


def _stack(value: object) -> Sequence[str]:
    """The completed steps in order; `stack.current` is unreliable and not read (PROTOCOL 5.1)."""
    given = (as_object(value) or {}).get("stack")
    if given is None:
        return ()
    ids = as_list(given)
    if ids is None or not {*map(type, ids)} <= {str}:
        raise InvalidJSONError("ctx.stack.stack must be a list of step ids")
    return ids


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
