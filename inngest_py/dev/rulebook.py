"""The flow control of a registered function, read and checked (PROTOCOL 3.3)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from inngest_py.dev.duration import DAY, SECOND, parse_go_duration
from inngest_py.dev.expression import EVENT, EVENT_AND_ASYNC
from inngest_py.dev.fields import Fields
from inngest_py.dev.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Flow,
    RateLimit,
    Scope,
    Singleton,
    SingletonMode,
    Throttle,
)
from inngest_py.dev.shapes import as_list, as_object

_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_MAX_LIMITS: Final = 2
_MAX_CANCELS: Final = 5
_SMALLEST_BATCH: Final = 2
_LONGEST_DEBOUNCE: Final = 7 * DAY


def read_flow(fields: Fields) -> Flow:
    """Read all the rules of a function. Raises RequestError."""
    timeouts = fields.inner("timeouts")
    idempotency = fields.expression("idempotency", EVENT)
    rate_limit = _rate_limit(fields.inner("rateLimit"))
    flow = Flow(
        concurrency=_concurrency(fields),
        rate_limit=RateLimit(1, DAY, idempotency) if idempotency else rate_limit,
        throttle=_throttle(fields.inner("throttle")),
        debounce=_debounce(fields.inner("debounce")),
        batch=_batch(fields.inner("batchEvents")),
        priority=_priority(fields.inner("priority")),
        idempotency=idempotency,
        singleton=_singleton(fields.inner("singleton")),
        cancel=_cancel(fields),
        start_timeout=None if timeouts is None else timeouts.timeout("start"),
        finish_timeout=None if timeouts is None else timeouts.timeout("finish"),
    )
    _check_batch(fields, flow)
    return flow


def _concurrency(fields: Fields) -> tuple[Concurrency, ...]:
    value: object = fields.values.get("concurrency")
    if value is None:
        return ()
    split = as_object(value) or {}
    if "fn" not in split and "step" not in split:
        return _limits(fields, "concurrency", value, _MAX_LIMITS)
    inside = Fields(fields.where("concurrency"), split)
    whole = _limits(inside, "fn", split.get("fn") or [], 1)
    if any(rule.limit < 1 for rule in whole):
        inside.refuse("fn", "the limit must be at least 1")
    return (
        *(replace(rule, whole=True) for rule in whole),
        *_limits(inside, "step", split.get("step") or [], _MAX_LIMITS),
    )


def _limits(fields: Fields, field: str, value: object, most: int) -> tuple[Concurrency, ...]:
    listed: list[object] = as_list(value) or [value]
    if value == []:
        return ()
    if len(listed) > most:
        fields.refuse(field, f"there can be {most} limit{'s' if most > 1 else ''}, not {len(listed)}")
    objects = [as_object(entry) or {"limit": entry} for entry in listed]
    return tuple(_limit(entry) for entry in fields.objects(field, objects))


def _limit(fields: Fields) -> Concurrency:
    try:
        scope = Scope(fields.text("scope") or "fn")
    except ValueError:
        fields.refuse("scope", "it must be fn, env or account")
    key = fields.expression("key", EVENT)
    if scope is not Scope.FUNCTION and not key:
        fields.refuse("key", f"the scope {scope.value} needs a key")
    return Concurrency(_count(fields), key, scope)


def _count(fields: Fields) -> int:
    """The limit of a concurrency rule, where the digits of a number are one too; 0 sets none."""
    limit = fields.values.get("limit")
    return int(limit) if isinstance(limit, str) and _DIGITS.fullmatch(limit) else fields.number("limit", 0, 0)


def _rate_limit(fields: Fields | None) -> RateLimit | None:
    if fields is None:
        return None
    return RateLimit(fields.number("limit", 0, 1), fields.duration("period", 1, DAY), fields.expression("key", EVENT))


def _throttle(fields: Fields | None) -> Throttle | None:
    if fields is None:
        return None
    period = fields.duration("period", 1)
    limit = max(fields.number("limit", 1, 0), 1)
    return Throttle(limit, period, fields.number("burst", 0, 0), fields.expression("key", EVENT))


def _debounce(fields: Fields | None) -> Debounce | None:
    if fields is None:
        return None
    period = fields.duration("period", SECOND, _LONGEST_DEBOUNCE)
    return Debounce(period, fields.expression("key", EVENT), fields.timeout("timeout"))


def _batch(fields: Fields | None) -> Batch | None:
    if fields is None:
        return None
    size = fields.number("maxSize", 0, _SMALLEST_BATCH)
    timeout = fields.duration("timeout", SECOND, parse=parse_go_duration)
    return Batch(size, timeout, fields.expression("key", EVENT), fields.expression("if", EVENT))


def _check_batch(fields: Fields, flow: Flow) -> None:
    if flow.batch is None:
        return
    others = {"cancel": flow.cancel, "debounce": flow.debounce, "priority": flow.priority, "singleton": flow.singleton}
    for name, rule in others.items():
        if rule:
            fields.refuse("batchEvents", f"it cannot be combined with {name}")


def _priority(fields: Fields | None) -> str:
    return "" if fields is None else fields.expression("run", EVENT)


def _singleton(fields: Fields | None) -> Singleton | None:
    if fields is None:
        return None
    try:
        mode = SingletonMode(fields.text("mode") or "skip")
    except ValueError:
        fields.refuse("mode", "it must be skip or cancel")
    return Singleton(mode, fields.expression("key", EVENT))


def _cancel(fields: Fields) -> tuple[Cancel, ...]:
    listed = fields.items("cancel")
    if len(listed) > _MAX_CANCELS:
        fields.refuse("cancel", f"there can be {_MAX_CANCELS} of them, not {len(listed)}")
    return tuple(
        Cancel(entry.text("event"), entry.expression("if", EVENT_AND_ASYNC, plain=True), entry.moment("timeout"))
        for entry in fields.objects("cancel", listed)
    )
