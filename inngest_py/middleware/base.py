"""The hooks that a middleware may have. All of them may be `def` or `async def`, whatever the functions are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from inngest_py.engine.memory import is_input_only
from inngest_py.wire.codec import as_object
from inngest_py.wire.event import Event
from inngest_py.wire.ops import Opcode

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


@dataclass(slots=True)
class StepInfo:
    """A step, as a hook sees it. `op` is `StepPlanned` for a step that runs here, `opts` what the server is told.

    In `transform_step` the fields `opts`, `args` and `kwargs` may be replaced. `hashed_id` is its id on the wire.
    """

    id: str
    name: str
    hashed_id: str
    op: Opcode
    opts: dict[str, Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
    memoized: bool = False


@dataclass(slots=True)
class TransformOutputResult:
    """What a step or the function came to. `step` is None for the function. A hook may set `output`."""

    output: Any = None
    error: BaseException | None = None
    step: StepInfo | None = None

    def has_output(self) -> bool:
        """Whether there is an output, which may be None."""
        return self.error is None


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


class StepMemos:
    """The stored results of a call's steps, by hashed id."""

    def __init__(self, memos: Mapping[str, Any]) -> None:
        self._outputs = {key: _output(memo) for key, memo in memos.items()}
        self._memos = memos

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._memos)

    def values(self) -> Iterator[MemoOutput]:
        """The results of the steps that have one; sleeps and waits that timed out have none."""
        return (output for output in self._outputs.values() if output is not None)

    def to_memos(self) -> dict[str, Any]:
        """The memos as they are now."""
        return {key: _memo(memo, self._outputs[key]) for key, memo in self._memos.items()}


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
    """A call before the function runs. A hook may set `event` and `events`, and fill `extra`, which is `ctx.extra`."""

    run_id: str
    attempt: int
    event: Event[dict[str, Any]]
    events: list[Event[dict[str, Any]]]
    extra: dict[str, Any] = field(default_factory=dict[str, Any])


class Middleware:
    """Code around a call.

    Make a subclass with the hooks that you need, and give it to `Inngest(middleware=)` or to
    `create_function(middleware=)`.
    There is a new instance for each request, and for each sending of events. The first one registered is outermost:
    its `before_…` hooks come first, its `after_…` hooks and `transform_output` last.
    """

    def __init__(self, client: Inngest, raw_request: object = None) -> None:
        """`raw_request` is the request as the handler got it, or None where events are sent outside of a function."""
        self.client = client
        self.raw_request = raw_request

    # The request and the function

    def transform_input(self, ctx: CallInput, function: Function[Any], steps: StepMemos) -> Any:
        """Change what the function is given, before it is."""

    def before_execution(self) -> Any:
        """All that is known was replayed: from here on the function does what it has not done before."""

    def after_execution(self) -> Any:
        """The function has returned, raised, or been stopped at a step."""

    def before_response(self) -> Any:
        """The reply is known and about to be sent."""

    # Each step

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
