"""Everything that can happen to the dev server, as values: what `decide` is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from inngest_py.dev.model import App, Cancellation, Event, Function, LogLine, Run, Step
from inngest_py.dev.reply import FetchReply, Reply, ReplyOp


@dataclass(frozen=True, slots=True)
class EventsReceived:
    """Somebody sent events."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class InvokeRequested:
    """Somebody asked over REST to run one function; answered with whether it exists (PROTOCOL 10.2)."""

    slug: str
    event: Event


@dataclass(frozen=True, slots=True)
class AppRegistered:
    """An app registered; answered with whether anything changed, or with the RequestError (PROTOCOL 3.1)."""

    app: App
    functions: tuple[Function, ...]


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """An app is to be forgotten, named by its URL; answered with whether it was known."""

    url: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """An app answered a call, or the call failed. A reply to an older dispatch of the job is ignored."""

    job_id: str
    generation: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class FetchAnswered:
    """A request that was made for a step was answered, or failed (PROTOCOL 6.4, Gateway)."""

    job_id: str
    generation: int
    reply: FetchReply


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A timer may be due."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants a run to be cancelled; answered with whether it was active."""

    run_id: str
    reason: str = "request"


@dataclass(frozen=True, slots=True)
class BulkCancelRequested:
    """Somebody wants many runs to be cancelled; answered with the ids of those that fit, to be cancelled in portions.

    New runs that fit are cancelled from now on. What is left is cancelled after a restart.
    """

    cancellation: Cancellation


@dataclass(frozen=True, slots=True)
class CancellationRemoved:
    """A cancellation in bulk is no longer to apply; answered with whether there was one."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequested:
    """Somebody wants a run to be repeated; answered with the id of the new one, or None without such a function.

    `events` and `steps` are those of the run. With `from_step`, the hashed id of one of them, what was done before that
    step is taken over. `input` is what it is called with then, a list as JSON text, or None to leave that to the code.
    """

    run: Run
    events: tuple[Event, ...]
    steps: tuple[Step, ...] = ()
    from_step: str = ""
    input: str | None = None


@dataclass(frozen=True, slots=True)
class SignalSent:
    """A signal; answered with the id of the run that waited for it, or None (PROTOCOL 10.3)."""

    signal: str
    data: str


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """An app saves steps while it goes on; answered with an error text or None (PROTOCOL 9.2)."""

    run_id: str
    job_id: str
    ops: tuple[ReplyOp, ...]


@dataclass(frozen=True, slots=True)
class LinesLogged:
    """An app has logged lines in a run, which may have ended. Their ids are drawn when they are stored."""

    run: Run
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The server is up again, with what the store had. What was in flight is dispatched again."""


Happening: TypeAlias = (
    EventsReceived
    | InvokeRequested
    | AppRegistered
    | AppRemoved
    | CallAnswered
    | FetchAnswered
    | TimePassed
    | CancelRequested
    | BulkCancelRequested
    | CancellationRemoved
    | RerunRequested
    | SignalSent
    | Checkpointed
    | LinesLogged
    | Restarted
)
