"""What the dev server remembers: apps, functions, events, runs, steps, jobs and pauses, as frozen values.

Times are Unix milliseconds. JSON that only passes through (event data, step results, outputs) is kept as its text, so
that it is written once and joined into bodies later.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, TypeAlias

from inngest_py.dev.flow import Flow

ACCOUNT_ID: Final = "00000000-0000-4000-a000-000000000000"
ENVIRONMENT_ID: Final = "00000000-0000-4000-b000-000000000000"
DISCOVERY: Final = "step"
"""The target of a call that targets no step (PROTOCOL 1)."""


class RunStatus(StrEnum):
    """Where a run is. The last three are final."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class StepStatus(StrEnum):
    """Where a step is. From `COMPLETED` on it has a memo and does not change any more."""

    QUEUED = "Queued"
    RUNNING = "Running"
    RETRYING = "Retrying"
    SLEEPING = "Sleeping"
    WAITING = "Waiting"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"


class JobKind(StrEnum):
    """What a job does when it is dispatched: call the app, or fetch a URL for it (Gateway, AIGateway)."""

    CALL = "call"
    FETCH = "fetch"


class JobStatus(StrEnum):
    """Where a job is: waiting for its time, waiting for a slot, or in flight."""

    DELAYED = "delayed"
    READY = "ready"
    RUNNING = "running"


class PauseKind(StrEnum):
    """What a pause waits for. A cancel pause belongs to no step."""

    SLEEP = "sleep"
    EVENT = "event"
    INVOKE = "invoke"
    SIGNAL = "signal"
    CANCEL = "cancel"


FINAL: Final = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


@cache
def app_uuid(app_id: str) -> str:
    """The UUID of an app on the wire, the same in every life of the server."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "app:" + app_id))


@cache
def function_uuid(app_id: str, slug: str) -> str:
    """The UUID of a function on the wire, the same in every life of the server."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"function:{app_id}:{slug}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app that registered. `checksum` is over what it registered, so that an unchanged one is recognised.

    `event_types` is what it says of its events, as JSON text: a list of names, each with a JSON schema.
    """

    id: str
    url: str
    sdk: str = ""
    framework: str = ""
    checksum: str = ""
    synced_at: int = 0
    archived_at: int | None = None
    event_types: str = "[]"

    @property
    def uuid(self) -> str:
        """The UUID of the app on the wire."""
        return app_uuid(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What starts a function: an event, perhaps with a condition, or a schedule."""

    event: str = ""
    expression: str = ""
    cron: str = ""
    jitter: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A registered function. `config` is the registered object as JSON text; the rest is read from it."""

    slug: str
    app_id: str
    name: str
    url: str
    triggers: tuple[Trigger, ...]
    retries: int
    flow: Flow
    config: str
    version: int = 1
    created_at: int = 0
    archived_at: int | None = None

    @property
    def uuid(self) -> str:
        """The UUID of the function on the wire, the same in every life of the server."""
        return function_uuid(self.app_id, self.slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event that was accepted. `id` is ours; `key` is the sender's id, or empty. The rest is JSON text."""

    id: str
    name: str
    ts: int
    received_at: int
    data: str = "{}"
    user: str = "{}"
    key: str = ""
    v: str = ""
    seeded: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A counter of calls in flight, or of runs that are under way, and how many there may be (PROTOCOL 14.2).

    One for the `whole` run is held from its start to its end, whatever it waits for; others are held during a call. A
    `gate` counts nothing: it is shut for a time after runs have passed it to start (PROTOCOL 14.4).
    """

    name: str
    limit: int
    whole: bool = False
    gate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a function. `correlation` is `<parent run id>.<hashed step id>` of an invoked run (PROTOCOL 15.3).

    `original` is the run that it repeats, perhaps from one of its steps on.
    """

    id: str
    function: str
    app_id: str
    status: RunStatus
    events: tuple[str, ...]
    created_at: int
    max_attempts: int
    event_name: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    output: str | None = None
    error: str | None = None
    version: int = -1
    force_plan: bool = False
    correlation: str = ""
    slots: tuple[Slot, ...] = ()
    priority: int = 0
    start_by: int | None = None
    finish_by: int | None = None
    batch_id: str = ""
    cron: str = ""
    singleton: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run. `id` is hashed, `memo` its memoised JSON text, `position` its place in completion order.

    `input` is the list of its arguments, as JSON text; if it was `edited` they go before the code's own (PROTOCOL 5.1).
    """

    run_id: str
    id: str
    name: str
    op: str
    status: StepStatus
    queued_at: int
    started_at: int | None = None
    ended_at: int | None = None
    attempts: int = 0
    position: int | None = None
    memo: str | None = None
    error: str | None = None
    input: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt that failed, and after which another was made at `retry_at`. `number` counts from 0.

    Without `step_id` it was the function that failed, outside of its steps. `error` is JSON text.
    """

    run_id: str
    step_id: str
    number: int
    started_at: int
    ended_at: int
    retry_at: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line that an app has logged in a run. `at` is in Unix milliseconds, by the app's clock.

    `level` is a name, such as INFO; `step` is the id of a step as the code has it, empty outside of steps; `attempt`
    counts from 0.
    """

    id: str
    run_id: str
    at: int
    level: str
    logger: str
    text: str
    step: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A queue item. `target` is the hashed step id or `step`; `group` names the siblings that are awaited together."""

    id: str
    run_id: str
    kind: JobKind
    target: str
    at: int
    status: JobStatus
    max_attempts: int
    attempt: int = 0
    generation: int = 0
    group: str = ""
    started_at: int | None = None
    step_id: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What a run waits for. `name` is the event, the signal, or the slug of the invoked function."""

    id: str
    run_id: str
    kind: PauseKind
    created_at: int
    expires_at: int
    step_id: str = ""
    name: str = ""
    expression: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """An idempotency key of a function that was used, and until when it holds (PROTOCOL 14.5)."""

    function: str
    key: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Meter:
    """The theoretical arrival time of a rate limit or throttle, in milliseconds (PROTOCOL 14.3, 14.4)."""

    function: str
    key: str
    tat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """Events of one function and key that are held back: a debounce keeps the last, a batch keeps all."""

    function: str
    key: str
    kind: str
    events: tuple[str, ...]
    since: int
    due: int
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """What a run has put off to its end: a function to be run then. `input` is JSON text (PROTOCOL 6.4)."""

    run_id: str
    id: str
    function: str
    input: str
    aborted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Runs of a function that were cancelled together: those created between two times whose event fits (PROTOCOL 11).

    As long as `started_before` is still to come it applies to new runs too.
    """

    id: str
    function: str
    app_id: str
    started_before: int
    created_at: int
    started_after: int | None = None
    expression: str = ""


Record: TypeAlias = (
    App
    | Function
    | Event
    | Run
    | Step
    | Attempt
    | LogLine
    | Job
    | Pause
    | Claim
    | Meter
    | Buffer
    | Cancellation
    | Defer
)
"""Everything that is stored."""
