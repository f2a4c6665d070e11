"""One execution of a function, from the outcome of the user's code to the reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from inngest_py.engine.checkpoints import NO_CHECKPOINTS, Checkpoints
from inngest_py.engine.effects import Flow, Invoke
from inngest_py.engine.hooks import NO_HOOKS, Hooks, StepResult
from inngest_py.engine.identity import key_of
from inngest_py.engine.inputs import edited
from inngest_py.engine.memory import ABSENT, RESUMING
from inngest_py.engine.plan import Plan, Step
from inngest_py.engine.verdict import Policy, Verdict, judge
from inngest_py.errors import UnserializableError, UsageError
from inngest_py.wire.canonical import canonical
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.ops import Op, Opcode, encode_ops

MAX_OPERATIONS: Final = 1000
"""How many operations one reply may have, and how many steps a run, unless a server says otherwise (PROTOCOL 17)."""

MAX_OUTPUT: Final = 4 * 1024 * 1024
"""The largest result of a step, in bytes, that servers take (PROTOCOL 17)."""

MAX_REPLY: Final = 8 * 1024 * 1024
"""The largest reply, in bytes, and so the largest result of a function, that servers take (PROTOCOL 17)."""

_MAX_HEAD: Final = 64 * 1024
_MANY_DIGITS: Final = b"0" * 16
_DIGITS_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")


@dataclass(slots=True)
class Returned:
    """The function came to its end."""

    value: Any


@dataclass(slots=True)
class Raised:
    """The function raised."""

    error: BaseException


@dataclass(slots=True)
class Suspended:
    """The function waits for steps; the plan knows which."""


Outcome: TypeAlias = Returned | Raised | Suspended
"""How one execution of the user's code ended."""


@dataclass(slots=True)
class Reply:
    """What to answer. `error` is the user's exception, for the log; it is None where there is nothing to log.

    `step_id` is the step that raised it, or None if that was the function itself.
    """

    status: HTTPStatus
    body: bytes
    no_retry: bool = False
    retry_after: str | None = None
    error: BaseException | None = None
    notes: Sequence[str] = ()
    step_id: str | None = None


@dataclass(slots=True)
class Terms:
    """What holds for one execution: whose it is, the retry policy, the middleware, and whether it may go on."""

    app_id: str = ""
    run_id: str = ""
    policy: Policy = field(default_factory=Policy)
    hooks: Hooks = NO_HOOKS
    checkpoints: Checkpoints = NO_CHECKPOINTS

    @property
    def attempt(self) -> Policy:
        """The policy as it is now: what fails after something was saved, fails for the first time (PROTOCOL 9.2)."""
        return replace(self.policy, attempt=0) if self.checkpoints.saved else self.policy


def run_step(plan: Plan, step: Step, invoke: Invoke, terms: Terms) -> Flow[Any]:
    """Run a step's handler once, and note in the plan what became of it.

    Gives the memo, if the function goes on with it in the same request; if not, ABSENT.
    """
    args = plan.memory.edited_input(step.key.hashed)
    if args is not None:
        invoke = replace(invoke, args=edited(invoke.handler, args), kwargs={})
    with terms.hooks.around_step(step, invoke, terms.attempt):
        data = yield from _attempt(plan, step, invoke, terms)
    if terms.checkpoints is NO_CHECKPOINTS or not (yield from terms.checkpoints.after_step(plan)) or data is None:
        return ABSENT
    plan.interrupted = False
    return {"data": _as_given_back(data)}


def _as_given_back(data: bytes) -> Any:
    """A result as it will be when it is a memo: as a server gives it back, that reads numbers as doubles."""
    value = decode(data)
    return decode(canonical(value)) if b".0" in data or _has_many_digits(data) else value


def _has_many_digits(data: bytes) -> bool:
    """Whether a whole number may be in it that no double is (PROTOCOL 1.3)."""
    return len(data) >= len(_MANY_DIGITS) and _MANY_DIGITS in data.translate(_DIGITS_TO_ZEROS)


def _attempt(plan: Plan, step: Step, invoke: Invoke, terms: Terms) -> Flow[bytes | None]:
    """Call the handler between the hooks; the output as JSON text, or None if there is none."""
    result = StepResult()
    try:
        if terms.hooks is not NO_HOOKS:
            yield from terms.hooks.before_step(step, invoke, terms.attempt)
        result.output = yield invoke
    except Exception as error:
        result.error = error
    returned = result.output
    try:
        if terms.hooks is not NO_HOOKS:
            yield from terms.hooks.after_step(step, result, terms.attempt)
        if result.error is None:
            data = encode_output(f'step "{step.key.id}"', result.output, MAX_OUTPUT, to_be_read=True)
            if _has_many_digits(data):
                plan.note_inexact(step, decode(data))
            plan.note_untyped(step, invoke.handler, returned)
            plan.ran(step, step.ran(data))
            return data
    except Exception as error:
        result.error = error
    verdict = yield from _judged(step, result.error, terms)
    final = verdict.final or terms.attempt.last
    op = step.failed(verdict.failure, final=final)
    plan.ran(step, op, None if verdict.quiet else result.error, None if final else verdict.retry_after)
    return None


def _judged(step: Step | None, error: BaseException, terms: Terms) -> Flow[Verdict]:
    """What an error means, in the words that the middleware wants.

    Where the middleware fails at that, its own error is told instead, and not what it was to change.
    """
    policy = terms.attempt
    verdict = judge(error, policy)
    try:
        failure = yield from terms.hooks.failed(
            step, error, verdict.failure, policy, final=verdict.final or policy.last
        )
    except Exception as fault:
        failure = replace(judge(fault, policy).failure, cause=None)
    return replace(verdict, failure=failure)


def encode_output(owner: str, value: object, most: int, *, to_be_read: bool = False) -> bytes:
    """Write a result as JSON text. Raises UnserializableError, naming whose result it is and the path in it."""
    try:
        data = encode(value, to_be_read=to_be_read)
    except UnserializableError as error:
        raise UnserializableError(error.path, f"{error.reason}, in the result of {owner}") from None
    if len(data) > most:
        raise UnserializableError("$", f"the result of {owner} has {len(data)} bytes, and servers take {most}")
    return data


def conclude(plan: Plan, outcome: Outcome, terms: Terms, function_id: str) -> Flow[Reply]:
    """Turn the outcome of an execution into the reply. What a step did comes before what the function did after it.

    Raises StepNotFoundError if a targeted step was never met.
    """
    if plan.interrupted or isinstance(outcome, Suspended):
        if plan.reporting:
            yield from terms.checkpoints.before_answer(plan)
        if isinstance(outcome, Raised) and plan.error is None:
            plan.error = outcome.error
        crowd = _crowd(plan)
        return _operations(plan) if crowd is None else _failed((yield from _judged(None, crowd, terms)), crowd)
    if isinstance(outcome, Returned):
        try:
            data = encode_output(f'function "{function_id}"', outcome.value, MAX_REPLY)
        except UnserializableError as error:
            outcome = Raised(error)
        else:
            if plan.unsaved and len(data) + sum(len(op.data or b"") for op in plan.unsaved) > MAX_REPLY - _MAX_HEAD:
                yield from terms.checkpoints.before_answer(plan)
                return _resumable(plan) if plan.unsaved else Reply(HTTPStatus.OK, data, notes=plan.notes)
            return _operations(plan, _complete(data)) if plan.unsaved else Reply(HTTPStatus.OK, data, notes=plan.notes)
    yield from terms.checkpoints.before_answer(plan)
    if plan.unsaved:
        return _resumable(plan)
    return _failed((yield from _judged(None, outcome.error, terms)), outcome.error)


def _crowd(plan: Plan) -> UsageError | None:
    """The error of a function that asks for more steps at once than servers take: the run would fail without reason."""
    count = len(plan.found)
    if count <= MAX_OPERATIONS or plan.target is not None:
        return None
    return UsageError(
        f"the function asks for {count} steps at once, and servers take {MAX_OPERATIONS}, which is also the most that "
        "a run may have: do several things in one step, or give parts of the work to other runs, with step.invoke or "
        "step.send_event"
    )


def _complete(data: bytes) -> Op:
    """The operation that ends the run, where the reply has to carry results of steps besides (PROTOCOL 6.4)."""
    key = key_of("complete", 0)
    return Op(Opcode.RUN_COMPLETE, key.hashed, key.id, key.id, key.id, data=data)


def _resumable(plan: Plan) -> Reply:
    """The results that could not be saved; the end of the function is to be repeated.

    Several would each have it repeated at once. With something planned beside them the server waits for all of it
    (PROTOCOL 8), and so there is a sleep that is over at once.
    """
    if len(plan.unsaved) == 1:
        return _operations(plan)
    return _operations(plan, Op(Opcode.SLEEP, f"{RESUMING}{plan.unsaved[-1].id}", "1s", "resume", "resume"))


def _operations(plan: Plan, *more: Op) -> Reply:
    operations = [*plan.operations(), *more]
    body = encode_ops(operations)
    if len(body) > MAX_REPLY:
        body = encode_ops(replace(op, opts=_without_input(op.opts)) for op in operations)
    return Reply(
        HTTPStatus.PARTIAL_CONTENT,
        body,
        retry_after=plan.retry_after,
        error=plan.error,
        notes=plan.notes,
        step_id=plan.failed,
    )


def _without_input(opts: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The options of a step without its arguments, which are there to be looked at only."""
    return {name: value for name, value in opts.items() if name != "input"} or None if opts else opts


def _failed(verdict: Verdict, error: BaseException) -> Reply:
    return Reply(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        encode(verdict.failure.to_json()),
        no_retry=verdict.final,
        retry_after=verdict.retry_after,
        error=None if verdict.quiet else error,
    )
