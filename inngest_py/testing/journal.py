"""What was seen of a run from inside of the app: its steps with their arguments, its events, its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Final

from inngest_py.errors import UnserializableError, UsageError
from inngest_py.middleware.base import MemoOutput, StepInfo
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.event import Event


class Unknown:
    """The type of `UNKNOWN`: a value that nobody has seen. `None` will not do, for that is one."""


UNKNOWN: Final = Unknown()


@dataclass(slots=True)
class Attempt:
    """One execution of a step's function, or of its stub; `at` is the virtual time in Unix milliseconds."""

    at: int
    output: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Met:
    """A step, as the function asked for it first."""

    hashed: str
    id: str
    op: str
    opts: Mapping[str, Any]
    args: Any
    kwargs: Any
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    @classmethod
    def of(cls, step: StepInfo) -> Met:
        """What there is to keep of a step: its arguments as they are now, for the function may change them."""
        return cls(
            step.hashed_id,
            step.id,
            step.op.value,
            plain(step.opts),
            [plain(value) for value in step.args] if step.handler else UNKNOWN,
            {name: plain(value) for name, value in step.kwargs.items()} if step.handler else UNKNOWN,
        )

    @property
    def input(self) -> Any:
        """The arguments, or for a step that the server executes, what it is told."""
        if self.args is UNKNOWN:
            return dict(self.opts)
        return [*self.args, self.kwargs] if self.kwargs else self.args


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that the function logged; `level` is its name, such as `INFO`."""

    level: str
    message: str

    def __str__(self) -> str:
        """Show both."""
        return f"{self.level} {self.message}"


@dataclass(slots=True)
class Journal:
    """One run. `names` are the durations of sleeps and the events of waits, by hashed step id.

    `sent` are the events that it sent, by the ids that the server gave them, as its code has them where that is known.
    `memos` are the stored results, or errors, of its steps as the function had them, by hashed step id; only where a
    middleware of the user's may have changed them on the way. `misuse` is what a stub could not do.
    """

    steps: dict[str, Met] = field(default_factory=dict[str, Met])
    names: dict[str, str] = field(default_factory=dict[str, str])
    memos: dict[str, MemoOutput] = field(default_factory=dict[str, MemoOutput])
    sent: dict[str, Event[Any]] = field(default_factory=dict[str, Event[Any]])
    logs: list[LogLine] = field(default_factory=list[LogLine])
    output: Any = UNKNOWN
    calls: int = 0
    misuse: UsageError | None = None

    def take(self, ids: Sequence[str], events: Sequence[Event[Any]]) -> None:
        """Keep events that were sent as the code has them; id and time are those with which they came."""
        for event_id, event in zip(ids, events, strict=True):
            if event_id in self.sent:
                came = self.sent[event_id]
                self.sent[event_id] = replace(event, id=came.id, ts=came.ts)


current_journal: Final[ContextVar[Journal | None]] = ContextVar("inngest_journal", default=None)
"""The journal of the run that is being called, or None."""


def plain(value: Any) -> Any:
    """A value as it is after it went through JSON; what has no JSON form is named by its type."""
    try:
        return decode(encode(value))
    except UnserializableError:
        return f"<{type(value).__qualname__}>"
