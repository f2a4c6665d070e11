"""A user's function and its declaration."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from inngest_py.config.checkpointing import Checkpointing
from inngest_py.config.event_type import EventType
from inngest_py.config.expression import check_expression
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
from inngest_py.config.handler import check_call, is_async
from inngest_py.config.retries import Retries
from inngest_py.config.setting import Setting
from inngest_py.config.trigger import MAX_TRIGGERS, Trigger, TriggerCron, TriggerEvent
from inngest_py.errors import ConfigError
from inngest_py.wire.registration import call_url

FAILED_EVENT: Final = "inngest/function.failed"
"""The server's own event about a run that failed (PROTOCOL 15.1)."""

INVOKED_EVENT: Final = "inngest/function.invoked"
"""The event that stands in for its triggers when a function is invoked (PROTOCOL 15.3)."""

_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LONGEST_ID: Final = 128
_TRIGGERS: Final[tuple[type, ...]] = (TriggerEvent, TriggerCron, EventType)

Result = TypeVar("Result", covariant=True)
S = TypeVar("S", bound=Setting)


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
    failed for good, or None. `client` is the one that declared it.
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
        client: Any = None,
    ) -> None:
        functools.update_wrapper(self, handler)
        self.app_id = app_id
        self.declaration = declaration
        self.handler = handler
        self.on_failure = on_failure
        self.fails_for = fails_for
        self.middleware = middleware
        self.checkpointing = checkpointing
        self.client = client
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

    @property
    def event_types(self) -> Iterable[EventType[Any]]:
        """The typed events among what starts this function, or the one whose failure it handles."""
        return self._event_types.values()

    def event_type(self, name: str) -> EventType[Any] | None:
        """The type of the events of this name, if a trigger says so; a wildcard speaks for all that it matches.

        Who invokes the function sends the data of its one typed trigger.
        """
        known = self._event_types
        if not known:
            return None
        if name in known:
            return known[name]
        if name == INVOKED_EVENT:
            return next(iter(known.values())) if len(known) == 1 else None
        if name == FAILED_EVENT and self.fails_for:
            return None
        wildcards = (key for key in known if key.endswith(("/*", ".*")))
        return next((known[key] for key in wildcards if name.startswith(key[:-1])), None)

    def parts(self) -> Iterator[Function[Any]]:
        """This function and the one that handles its failure: all that a server may call."""
        yield self
        if self.on_failure is not None:
            yield self.on_failure

    def to_json(self, app_url: str) -> dict[str, Any]:
        """The function as registration wants it."""
        return self.declaration.to_json(self.id, app_url)


def check_handler(fn_id: str, handler: Callable[..., Any], checks: Sequence[Callable[..., str | None]]) -> None:
    """Raise ConfigError if something is wrong with the function itself."""
    for check in checks:
        fault = check(handler)
        if fault is not None:
            raise ConfigError(f'function "{fn_id}": {fault}')


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


# What was given ----------------------------------------------------------------------------------------------------


def declare(fn_id: str, trigger: object, options: Mapping[str, Any]) -> Declaration:
    """The declaration of a function. Raises ConfigError that names the function, the field, the value and the rule."""
    check_id(fn_id)

    def given(name: str, kind: type[S]) -> S | None:
        return _read_setting(fn_id, name, kind, options.get(name))

    def listed(name: str) -> Sequence[object]:
        return () if options.get(name) is None else _listed(options[name])

    return Declaration(
        fn_id=fn_id,
        name=_read_name(fn_id, options.get("name")),
        triggers=tuple(_read_trigger(fn_id, entry) for entry in _listed(trigger)),
        retries=_read_retries(fn_id, options.get("retries")),
        concurrency=tuple(_read_limit(fn_id, entry) for entry in listed("concurrency")),
        throttle=given("throttle", Throttle),
        rate_limit=given("rate_limit", RateLimit),
        debounce=given("debounce", Debounce),
        batch_events=given("batch_events", Batch),
        priority=given("priority", Priority),
        singleton=given("singleton", Singleton),
        cancel=tuple(_read_cancel(fn_id, entry) for entry in listed("cancel")),
        timeouts=given("timeouts", Timeouts),
        idempotency=_read_idempotency(fn_id, options.get("idempotency")),
    )


def _listed(value: object) -> Sequence[object]:
    """What was given as one thing or as a list of them."""
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else (value,)


def _read_name(fn_id: str, name: object) -> str:
    if name is None or isinstance(name, str):
        return name or fn_id
    raise ConfigError(f'function "{fn_id}": name={name!r} must be a string')


def _read_trigger(fn_id: str, trigger: object) -> Trigger:
    if isinstance(trigger, _TRIGGERS):
        return cast("Trigger", trigger)
    raise ConfigError(
        f'function "{fn_id}": trigger={trigger!r} must be a TriggerEvent, a TriggerCron, an EventType or a list of them'
    )


def _read_retries(fn_id: str, retries: object) -> Retries | None:
    if retries is None or isinstance(retries, Retries):
        return retries
    if isinstance(retries, bool) or not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        raise ConfigError(
            f'function "{fn_id}": retries={retries!r} must be a number from 0 to {MAX_RETRIES}, or Retries(...)'
        )
    return Retries(attempts=retries)


def _read_limit(fn_id: str, limit: object) -> Concurrency:
    if isinstance(limit, Concurrency):
        return limit
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ConfigError(f'function "{fn_id}": concurrency={limit!r} must be a number from 1, or Concurrency(...)')
    return Concurrency(limit=limit)


def _read_cancel(fn_id: str, cancel: object) -> Cancel:
    if isinstance(cancel, Cancel):
        return cancel
    raise ConfigError(f'function "{fn_id}": cancel={cancel!r} must be Cancel(...) or a list of them')


def _read_setting(fn_id: str, name: str, kind: type[S], value: object) -> S | None:
    if value is None or isinstance(value, kind):
        return value
    raise ConfigError(f'function "{fn_id}": {name}={value!r} must be {kind.__name__}(...)')


def _read_idempotency(fn_id: str, expression: object) -> str | None:
    if expression is None:
        return None
    if not isinstance(expression, str):
        raise ConfigError(f'function "{fn_id}": idempotency={expression!r} must be an expression')
    try:
        return check_expression(expression)
    except ConfigError as error:
        raise ConfigError(f'function "{fn_id}": idempotency={expression!r}: {error}') from None


def failure_function(app_id: str, failing: Declaration, handler: object, **extras: Any) -> Function[Any] | None:
    """The function that servers run when another one has failed for good, if a handler was given (PROTOCOL 3.3)."""
    if handler is None:
        return None
    if not callable(handler) or isinstance(handler, Function):
        raise ConfigError(f'function "{failing.fn_id}": on_failure={handler!r} must be a function that is not declared')
    check_handler(f"{failing.fn_id}-failure", handler, (check_call,))
    condition = f"event.data.function_id == '{app_id}-{failing.fn_id}'"
    declaration = Declaration(
        fn_id=f"{failing.fn_id}-failure",
        name=f"{failing.name} (failure)",
        triggers=(TriggerEvent(event=FAILED_EVENT, expression=condition),),
        retries=Retries(attempts=0),
    )
    return Function(app_id, declaration, handler, fails_for=failing.triggers, **extras)


def by_id(functions: Iterable[Function[Any]]) -> Mapping[str, Function[Any]]:
    """All that a server may call, by id. Raises ConfigError for what is none, or two functions with the same id."""
    found: dict[str, Function[Any]] = {}
    if not isinstance(functions, Iterable):
        raise ConfigError(f"serve takes a list of functions, not {functions!r}: write serve(client, [function])")
    for function in functions:
        if not isinstance(function, Function):
            raise ConfigError(f"serve takes functions made by create_function, not {function!r}")
        for part in function.parts():
            if part.id in found:
                raise ConfigError(f'two functions have the id "{part.id}"; every function needs one of its own')
            found[part.id] = part
    return found
