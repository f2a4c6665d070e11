"""A user's function and its declaration."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from inngest_py.config.checkpointing import Checkpointing
from inngest_py.config.event_type import EventType
from inngest_py.config.flow import (
    MAX_CANCELS,
    MAX_CONCURRENCY,
    MAX_RETRIES,
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from inngest_py.config.retries import Retries
from inngest_py.config.trigger import MAX_TRIGGERS, Trigger, TriggerEvent
from inngest_py.errors import ConfigError
from inngest_py.wire.registration import call_url

FAILED_EVENT: Final = "inngest/function.failed"
"""The server's own event about a run that failed (PROTOCOL 15.1)."""

INVOKED_EVENT: Final = "inngest/function.invoked"
"""The event that stands in for its triggers when a function is invoked (PROTOCOL 15.3)."""

_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LONGEST_ID: Final = 128

Result = TypeVar("Result", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What `create_function` was told, checked on the whole. Each part has checked itself before."""

    fn_id: str
    name: str
    triggers: Sequence[Trigger]
    retries: Retries | None = None
    concurrency: Sequence[Concurrency] = ()
    throttle: Throttle | None = None
    rate_limit: RateLimit | None = None
    debounce: Debounce | None = None
    batch_events: Batch | None = None
    priority: Priority | None = None
    singleton: Singleton | None = None
    cancel: Sequence[Cancel] = ()
    timeouts: Timeouts | None = None
    idempotency: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Refuse what servers would refuse without saying why (PROTOCOL 3.3)."""
        check_id(self.fn_id)
        for rule in (self._too_many(), self._twice(), self._with_batches()):
            if rule is not None:
                raise ConfigError(f'function "{self.fn_id}": {rule}')

    def _too_many(self) -> str | None:
        for name, given, most in (
            ("trigger", self.triggers, MAX_TRIGGERS),
            ("concurrency", self.concurrency, MAX_CONCURRENCY),
            ("cancel", self.cancel, MAX_CANCELS),
        ):
            if len(given) > most:
                return f"{name} has {len(given)} entries, and {most} is the most that servers take"
        return None

    def _twice(self) -> str | None:
        written = [trigger_json(trigger) for trigger in self.triggers]
        for index, trigger in enumerate(written):
            if trigger in written[:index]:
                return f"trigger {trigger} stands there twice"
        return None

    def _with_batches(self) -> str | None:
        if self.batch_events is None:
            return None
        for name in ("cancel", "debounce", "singleton", "priority"):
            if getattr(self, name):
                return f"batch_events and {name} exclude each other: a batch has no single event to go by"
        return None

    def to_json(self, function_id: str, app_url: str) -> dict[str, Any]:
        """The function as registration wants it."""
        step: dict[str, Any] = {
            "id": "step",
            "name": "step",
            "runtime": {"type": "http", "url": call_url(app_url, function_id)},
        }
        if self.retries is not None:
            step["retries"] = {"attempts": self.retries.attempts}
        body: dict[str, Any] = {
            "id": function_id,
            "name": self.name,
            "triggers": [trigger_json(trigger) for trigger in self.triggers],
            "steps": {"step": step},
        }
        return body | self._flow_control() | dict(self.extra)

    def _flow_control(self) -> dict[str, Any]:
        rules: dict[str, Any] = {
            "batchEvents": self.batch_events,
            "debounce": self.debounce,
            "priority": self.priority,
            "rateLimit": self.rate_limit,
            "singleton": self.singleton,
            "throttle": self.throttle,
            "timeouts": self.timeouts,
        }
        body = {key: rule.to_json() for key, rule in rules.items() if rule is not None}
        for key, entries in (("cancel", self.cancel), ("concurrency", self.concurrency)):
            if entries:
                body[key] = [entry.to_json() for entry in entries]
        return body if self.idempotency is None else {**body, "idempotency": self.idempotency}


class Function(Generic[Result]):
    """A declared function. Calling it calls the function that was decorated, with nothing in between.

    `id` is the id on the server, `<app id>-<local id>`. `on_failure` is the function that runs when this one has
    failed for good, or None.
    """

    def __init__(
        self,
        app_id: str,
        declaration: Declaration,
        handler: Callable[..., Any],
        on_failure: Function[Any] | None = None,
        fails_for: Sequence[Trigger] = (),
        *,
        middleware: Sequence[Callable[..., Any]] = (),
        checkpointing: Checkpointing | bool | None = None,
    ) -> None:
        functools.update_wrapper(self, handler)
        self.app_id = app_id
        self.declaration = declaration
        self.handler = handler
        self.on_failure = on_failure
        self.fails_for = fails_for
        self.middleware = middleware
        self.checkpointing = checkpointing
        self.is_async = is_async(handler)
        self._event_types = {t.name: t for t in (*declaration.triggers, *fails_for) if isinstance(t, EventType)}

    def __repr__(self) -> str:
        """Show the id."""
        return f"<Function {self.id}>"

    def __call__(self, ctx: Any) -> Any:
        """Call the undecorated function, as a unit test does."""
        return self.handler(ctx)

    @property
    def local_id(self) -> str:
        """The id as it was declared."""
        return self.declaration.fn_id

    @property
    def id(self) -> str:
        """The id on the server."""
        return f"{self.app_id}-{self.declaration.fn_id}"

    @property
    def name(self) -> str:
        """The name that people read."""
        return self.declaration.name

    @property
    def retries(self) -> Retries | None:
        """The retry policy, or None for the server's own: four retries."""
        return self.declaration.retries

    def event_type(self, name: str) -> EventType[Any] | None:
        """The type of the events of this name, if a trigger says so; a wildcard speaks for all that it matches.

        Who invokes the function sends the data of its one typed trigger.
        """
        known = self._event_types
        if name == INVOKED_EVENT and len(known) == 1 and not self.fails_for:
            return next(iter(known.values()))
        if name in known or not known:
            return known.get(name)
        return next((known[key] for key in known if key.endswith("*") and name.startswith(key[:-1])), None)

    def parts(self) -> Iterator[Function[Any]]:
        """This function and the one that handles its failure: all that a server may call."""
        yield self
        if self.on_failure is not None:
            yield self.on_failure

    def to_json(self, app_url: str) -> dict[str, Any]:
        """The function as registration wants it."""
        return self.declaration.to_json(self.id, app_url)


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine, also behind `functools.partial` or a callable object."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))


def check_id(fn_id: str) -> str:
    """Return a function's id. Raises ConfigError if it cannot be part of a URL and of an expression as it is."""
    if not isinstance(fn_id, str) or not _ID.fullmatch(fn_id) or len(fn_id) > _LONGEST_ID:
        raise ConfigError(
            f"fn_id={fn_id!r} is not a valid function id: use letters, digits and single words joined by "
            f'"-", "_" or ".", {_LONGEST_ID} characters at most, as in "process-order"'
        )
    return fn_id


def trigger_json(trigger: Trigger) -> dict[str, Any]:
    """A trigger as registration wants it."""
    return {"event": trigger.name} if isinstance(trigger, EventType) else trigger.to_json()


def read_triggers(fn_id: str, trigger: object) -> Sequence[Trigger]:
    """The triggers that were given: one, or a list, perhaps empty for a function that is only invoked."""
    given = cast("Sequence[object]", trigger) if isinstance(trigger, (list, tuple)) else [trigger]
    for entry in given:
        if not hasattr(entry, "to_json") and not isinstance(entry, EventType):
            raise ConfigError(
                f'function "{fn_id}": trigger={entry!r} must be a TriggerEvent, a TriggerCron, an EventType or a list'
            )
    return cast("Sequence[Trigger]", tuple(given))


def read_retries(fn_id: str, retries: object) -> Retries | None:
    """The retry policy that was given: a number from 0 to 20, or Retries."""
    if retries is None or isinstance(retries, Retries):
        return retries
    if isinstance(retries, bool) or not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        raise ConfigError(f'function "{fn_id}": retries={retries!r} must be a number from 0 to {MAX_RETRIES}')
    return Retries(attempts=retries)


def read_concurrency(fn_id: str, concurrency: object) -> Sequence[Concurrency]:
    """The concurrency limits that were given: a number, Concurrency, or a list of up to two."""
    if concurrency is None:
        return ()
    given = cast("Sequence[object]", concurrency) if isinstance(concurrency, (list, tuple)) else [concurrency]
    return tuple(_read_limit(fn_id, entry) for entry in given)


def _read_limit(fn_id: str, entry: object) -> Concurrency:
    if isinstance(entry, Concurrency):
        return entry
    if isinstance(entry, bool) or not isinstance(entry, int) or entry < 1:
        raise ConfigError(f'function "{fn_id}": concurrency={entry!r} must be a number from 1, or Concurrency(...)')
    return Concurrency(limit=entry)


def failure_function(
    app_id: str, fn_id: str, name: str, triggers: Sequence[Trigger], handler: Callable[..., Any]
) -> Function[Any]:
    """The function that servers run when another one has failed for good (PROTOCOL 3.3)."""
    trigger = TriggerEvent(event=FAILED_EVENT, expression=f"event.data.function_id == '{app_id}-{fn_id}'")
    declaration = Declaration(
        fn_id=f"{fn_id}-failure", name=f"{name} (failure)", triggers=(trigger,), retries=Retries(attempts=0)
    )
    return Function(app_id, declaration, handler, fails_for=triggers)
