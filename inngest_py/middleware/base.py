"""The hooks that a middleware may have. All of them may be `def` or `async def`, whatever the functions are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from inngest_py.engine.memory import edited_arguments, is_input_only
from inngest_py.errors import UnserializableError
from inngest_py.wire.codec import as_object, encode
from inngest_py.wire.event import Event
from inngest_py.wire.failure import Failure
from inngest_py.wire.ops import Opcode

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


@dataclass(slots=True)
class StepInfo:
    """A step, as a hook sees it. `op` is `StepPlanned` for a step that runs here, `opts` what the server is told.

    In `transform_step` the fields `opts`, `args`, `kwargs` and `handler` may be replaced; what is in `opts` is the
    caller's, so put new things in. `handler` is what the step calls, or None if the server executes the step.
    `hashed_id` is its id on the wire. `attempt`, counted from 0, and `max_attempts` are known where the step runs.
    """

    id: str
    name: str
    hashed_id: str
    op: Opcode
    opts: dict[str, Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
    memoized: bool = False
    attempt: int = 0
    max_attempts: int | None = None
    handler: Callable[..., Any] | None = None


@dataclass(slots=True)
class TransformOutputResult:
    """What a step or the function came to. `step` is None for the function. A hook may set `output`."""

    output: Any = None
    error: BaseException | None = None
    step: StepInfo | None = None

    def has_output(self) -> bool:
        """Whether there is an output, which may be None."""
        return self.error is None

    def to_json(self) -> bytes:
        """The output as JSON text. Raises UnserializableError, naming whose output it is and the path in it."""
        try:
            return encode(self.output)
        except UnserializableError as error:
            owner = "the function" if self.step is None else f'step "{self.step.id}"'
            raise UnserializableError(error.path, f"{error.reason}, in the result of {owner}") from None


@dataclass(slots=True)
class ErrorReport:
    """An attempt that failed: of a step, or of the function itself, and then `step` is None.

    `final` says that no attempt comes after this one, whether because no retry can help or because none is left.
    `failure` is what the server will be told; a hook may set another one.
    """

    error: BaseException
    failure: Failure
    final: bool
    attempt: int
    step: StepInfo | None = None


@dataclass(slots=True)
class SendEventsResult:
    """What became of sending events: the ids of those accepted, and what went wrong, if anything did."""

    ids: list[str]
    error: str | None = None


@dataclass(slots=True)
class MemoOutput:
    """The stored result of a step. A hook may set `data`."""

    data: Any = None
    error: Any = None


@dataclass(slots=True)
class EditedInput:
    """The arguments of a step as somebody edited them in the UI. A hook may set `args`."""

    args: list[Any]


class StepMemos:
    """The stored results of a call's steps, by hashed id, and the arguments that people have edited."""

    def __init__(self, memos: Mapping[str, Any]) -> None:
        self._outputs = {key: _output(memo) for key, memo in memos.items()}
        edited = {key: edited_arguments(memo) for key, memo in memos.items() if is_input_only(memo)}
        self._inputs = {key: EditedInput([*args]) for key, args in edited.items() if args is not None}
        self._memos = memos

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._memos)

    def values(self) -> Iterator[MemoOutput]:
        """The results of the steps that have one; sleeps and waits that timed out have none."""
        return (output for output in self._outputs.values() if output is not None)

    def edited_inputs(self) -> Iterator[EditedInput]:
        """The arguments that steps are to be called with instead of the code's own."""
        return iter(self._inputs.values())

    def to_memos(self) -> dict[str, Any]:
        """The memos as they are now."""
        edited = {key: {**self._memos[key], "input": given.args} for key, given in self._inputs.items()}
        return {key: _memo(memo, self._outputs[key]) for key, memo in self._memos.items()} | edited


def _output(memo: Any) -> MemoOutput | None:
    fields = as_object(memo)
    if fields is None or is_input_only(fields) or not ("data" in fields or "error" in fields):
        return None
    return MemoOutput(fields.get("data"), fields.get("error"))


def _memo(memo: Any, output: MemoOutput | None) -> Any:
    if output is None:
        return memo
    return {**memo, ("error" if "error" in memo else "data"): output.error if "error" in memo else output.data}


@dataclass(slots=True)
class CallInput:
    """A call before the function runs. A hook may set `event` and `events`, and fill `extra`, which is `ctx.extra`.

    `attempt` counts from 0, `max_attempts` is the retries plus one, or None if the server does not say.
    """

    run_id: str
    attempt: int
    event: Event[dict[str, Any]]
    events: list[Event[dict[str, Any]]]
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    max_attempts: int | None = None


class Middleware:
    """Code around a call.

    Make a subclass with the hooks that you need, and give it to `Inngest(middleware=)` or to
    `create_function(middleware=)`.
    There is a new instance for each request, and for each sending of events. The first one registered is outermost:
    its `before_…` hooks come first, its `after_…` hooks and `transform_output` last. What is stored is changed by the
    innermost first, and on its way back, in `transform_memo`, by the outermost first.

    A context variable that a hook sets is best set in `around_call` or `around_step`: they are entered where the
    function runs, and always left.
    """

    def __init__(self, client: Inngest, raw_request: object = None) -> None:
        """`raw_request` is the request as the handler got it, or None where events are sent outside of a function."""
        self.client = client
        self.raw_request = raw_request

    # The request and the function

    def around_call(self, ctx: CallInput, function: Function[Any]) -> AbstractContextManager[object]:
        """Give what is to be entered before all other hooks of a call, and left after them, whatever happens.

        It is plain, it must not raise when it is left, and `ctx` is as the server sent it.
        """
        return nullcontext()

    def transform_input(self, ctx: CallInput, function: Function[Any], steps: StepMemos) -> Any:
        """Change what the function is given, before it is."""

    def before_execution(self) -> Any:
        """All that is known was replayed: from here on the function does what it has not done before."""

    def after_execution(self) -> Any:
        """The function has returned, raised, or been stopped at a step."""

    def before_response(self) -> Any:
        """The reply is known and about to be sent."""

    def transform_error(self, report: ErrorReport) -> Any:
        """Look at what an attempt failed with, or change what the server is told of it."""

    # Each step

    def around_step(self, step: StepInfo) -> AbstractContextManager[object]:
        """Give what is to be entered before a step's handler is called, and left after it, whatever happens.

        It is plain, and must not raise when it is left. Within it are the other hooks of the attempt.
        """
        return nullcontext()

    def transform_step(self, step: StepInfo) -> Any:
        """Change a step that has no result, before it runs or is reported."""

    def before_step(self, step: StepInfo) -> Any:
        """A step's handler is about to be called."""

    def after_step(self, step: StepInfo, result: TransformOutputResult) -> Any:
        """A step's handler has returned or raised."""

    def transform_memo(self, step: StepInfo, memo: MemoOutput) -> Any:
        """Change the stored result of a step, before the function has it; also that of one that ran just now."""

    def transform_output(self, result: TransformOutputResult) -> Any:
        """Change what a step or the function returned, before it is stored."""

    # Events

    def before_send_events(self, events: list[Event[Any]]) -> Any:
        """Change the list of events that is about to be sent. Put new events in; the old ones are the caller's."""

    def after_send_events(self, result: SendEventsResult) -> Any:
        """Events were sent, or could not be."""


class MiddlewareFactory(Protocol):
    """Makes a middleware for one request: a subclass of Middleware, or a function that returns an instance."""

    def __call__(self, client: Inngest, raw_request: object, /) -> Middleware:
        """Make one."""
        ...
