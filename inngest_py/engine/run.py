"""One execution of a function, from the outcome of the user's code to the reply."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from inngest_py.engine.effects import Invoke
from inngest_py.engine.plan import Plan, Step
from inngest_py.engine.verdict import Policy, Verdict, judge
from inngest_py.errors import UnserializableError
from inngest_py.wire.codec import encode
from inngest_py.wire.ops import encode_ops

MAX_OUTPUT: Final = 4 * 1024 * 1024
"""The largest result of a step, in bytes, that servers take (PROTOCOL 17)."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The function came to its end."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Suspended:
    """The function waits for steps; the plan knows which."""


Outcome: TypeAlias = Returned | Raised | Suspended
"""How one execution of the user's code ended."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `error` is the user's exception, for the log; it is None where there is nothing to log."""

    status: HTTPStatus
    body: bytes
    no_retry: bool = False
    retry_after: str | None = None
    error: BaseException | None = None


def attempt(plan: Plan, step: Step, invoke: Invoke, policy: Policy) -> Generator[Invoke, Any, None]:
    """Run a step's handler once, and note in the plan what became of it."""
    edited = plan.memory.edited_input(step.key.hashed)
    if edited is not None:
        invoke = Invoke(invoke.handler, edited)
    try:
        data = encode_output(f'step "{step.key.id}"', (yield invoke))
    except Exception as error:
        verdict = judge(error, policy)
        final = verdict.final or policy.last
        op = step.failed(verdict.failure, final=final)
        plan.note_executed(op, None if verdict.quiet else error, None if final else verdict.retry_after)
    else:
        plan.note_executed(step.ran(data))


def encode_output(owner: str, value: object) -> bytes:
    """Write a result as JSON text. Raises UnserializableError, naming whose result it is and the path in it."""
    try:
        data = encode(value)
    except UnserializableError as error:
        raise UnserializableError(error.path, f"{error.reason}, in the result of {owner}") from None
    if len(data) > MAX_OUTPUT:
        raise UnserializableError("$", f"the result of {owner} has {len(data)} bytes, and servers take {MAX_OUTPUT}")
    return data


def conclude(plan: Plan, outcome: Outcome, policy: Policy, function_id: str) -> Reply:
    """Turn the outcome of an execution into the reply. What a step did comes before what the function did after it.

    Raises StepNotFoundError if a targeted step was never met.
    """
    if plan.interrupted or isinstance(outcome, Suspended):
        ops = plan.operations()
        body = encode_ops(ops)
        return Reply(HTTPStatus.PARTIAL_CONTENT, body, retry_after=plan.retry_after, error=plan.error)
    if isinstance(outcome, Raised):
        return _failed(judge(outcome.error, policy), outcome.error)
    try:
        return Reply(HTTPStatus.OK, encode_output(f'function "{function_id}"', outcome.value))
    except UnserializableError as error:
        return _failed(judge(error, policy), error)


def _failed(verdict: Verdict, error: BaseException) -> Reply:
    return Reply(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        encode(verdict.failure.to_json()),
        no_retry=verdict.final,
        retry_after=verdict.retry_after,
        error=None if verdict.quiet else error,
    )
