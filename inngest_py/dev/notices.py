"""What the dev server tells whoever watches it, for a terminal log or a test. Times are Unix milliseconds.

Notice
├── AppSynced, AppRemoved, AppUnreachable
├── EventAccepted, RunSkipped, ServerFault
└── RunNotice                   all have run_id, function, app
    ├── RunQueued, RunStarted, RunCompleted, RunFailed, RunCancelled
    ├── DeferRefused            what the run put off to its end cannot be
    ├── RunLogged               the app has logged lines
    ├── CallFailed              the app's reply to a call was no use; says when it is tried again
    └── StepNotice              all have step_id (hashed) and step (its name)
        ├── StepStarted, StepCompleted, StepRetrying, StepFailed, StepTimedOut
        └── StepSleeping, StepWaiting, StepInvoking
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """The name, the message and the stack of an error; the stack is the user's own traceback, or empty."""

    name: str = ""
    message: str = ""
    stack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The base of all notices; `at` is when."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSynced(Notice):
    """An app registered something new. `functions` are slugs; `archived` those that it no longer has.

    `left` is how many runs of the latter are still active. The app is asked to go on with them.
    """

    app: str
    url: str
    sdk: str
    functions: tuple[str, ...]
    archived: tuple[str, ...] = ()
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRemoved(Notice):
    """An app was removed."""

    app: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppUnreachable(Notice):
    """An app at a watched URL could not be synced. `code` is one of `discovery.Status`; `message` says what to do."""

    url: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAccepted(Notice):
    """An event was stored. `functions` are the slugs of those that it starts, now or later.

    `resumed` and `cancelled` are how many runs waited for it, and how many end with it.
    """

    event_id: str
    name: str
    internal: bool
    functions: tuple[str, ...]
    resumed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNotice(Notice):
    """Something about a run."""

    run_id: str
    function: str
    app: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueued(RunNotice):
    """A run was made. `starts_at` is later than now if the event's `ts` or a throttle says so."""

    event: str
    event_id: str
    starts_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSkipped(Notice):
    """An event started no run of a function that it matches; `reason` is the rule that held it back."""

    function: str
    app: str
    event_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(RunNotice):
    """The first call of a run is sent."""

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted(RunNotice):
    """A run is done. `output` is JSON text; `duration` is from the first call, in milliseconds."""

    duration: int
    steps: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(RunNotice):
    """A run failed for good."""

    duration: int
    steps: int
    error: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled(RunNotice):
    """A run was cancelled. `reason` is an event name, `request`, `timeout` or `singleton`."""

    duration: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(RunNotice):
    """A call failed. `retry_at` is None if it was the last attempt. Attempts count from 0."""

    step_id: str
    attempt: int
    max_attempts: int
    error: Problem
    retry_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferRefused(RunNotice):
    """What a run put off to its end cannot be, and is left out."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLogged(RunNotice):
    """The app has logged so many lines in a run, which may have ended."""

    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNotice(RunNotice):
    """Something about a step."""

    step_id: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(StepNotice):
    """A step that was planned is executed now. One that the app executes in place is only heard of when it ends."""

    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(StepNotice):
    """A step is done. `op` is its opcode; `duration` covers its last attempt, or all of a sleep, wait or invocation."""

    op: str
    attempt: int
    duration: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetrying(StepNotice):
    """An attempt of a step failed, and another will be made at `retry_at`. Attempts count from 0."""

    attempt: int
    max_attempts: int
    retry_at: int
    duration: int
    error: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(StepNotice):
    """A step failed for good; the function may catch it."""

    op: str
    attempt: int
    duration: int
    error: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimedOut(StepNotice):
    """What a step waited for did not come in time."""

    op: str
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSleeping(StepNotice):
    """A step sleeps until `until`."""

    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWaiting(StepNotice):
    """A step waits for an event or a signal."""

    op: str
    awaited: str
    expression: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInvoking(StepNotice):
    """A step runs another function, whose slug is `target`, and waits for it."""

    target: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFault(Notice):
    """A mistake in this server. It goes on; what it was doing may not."""

    error: Exception
