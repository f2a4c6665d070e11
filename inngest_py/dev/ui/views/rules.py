"""Triggers and flow control of a function, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inngest_py.dev.cron import next_fire
from inngest_py.dev.flow import Concurrency, Flow
from inngest_py.dev.lines import human_duration
from inngest_py.dev.model import Function

_SOON = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what it is called, what it says, and perhaps the expression it goes by."""

    name: str
    says: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class TriggerView:
    """What starts a function. `next` are the coming times of a schedule, in Unix milliseconds."""

    kind: str
    says: str
    expression: str = ""
    next: tuple[int, ...] = ()


def triggers_of(function: Function, now: int) -> tuple[TriggerView, ...]:
    """What starts a function."""
    return tuple(
        TriggerView("cron", each.cron, next=coming(each.cron, now))
        if each.cron
        else TriggerView("event", each.event, each.expression)
        for each in function.triggers
    )


def coming(cron: str, now: int) -> tuple[int, ...]:
    """The next times of a schedule."""
    found, after = list[int](), now
    while len(found) < _SOON and (at := next_fire(cron, after)) is not None:
        found.append(at)
        after = at
    return tuple(found)


def rules_of(function: Function) -> tuple[Rule, ...]:
    """The flow control of a function, and its retries."""
    return (Rule("Retries", str(function.retries)), *_limits(function.flow), *_ends(function.flow))


def _limits(flow: Flow) -> Iterator[Rule]:
    yield from (Rule("Concurrency", _concurrency(each), each.key) for each in flow.concurrency)
    if (rate := flow.rate_limit) is not None:
        yield Rule("Rate limit", f"{rate.limit} in {human_duration(rate.period)}", rate.key)
    if (throttle := flow.throttle) is not None:
        burst = f", {throttle.burst} more at once" if throttle.burst else ""
        yield Rule("Throttle", f"{throttle.limit} in {human_duration(throttle.period)}{burst}", throttle.key)
    if (debounce := flow.debounce) is not None:
        most = f", at most {human_duration(debounce.timeout)}" if debounce.timeout else ""
        yield Rule("Debounce", f"{human_duration(debounce.period)} of silence{most}", debounce.key)
    if (batch := flow.batch) is not None:
        yield Rule("Batch", f"up to {batch.size} events in {human_duration(batch.timeout)}", batch.key)
    if (single := flow.singleton) is not None:
        yield Rule("Singleton", f"one run at a time: {single.mode.value}", single.key)
    if flow.idempotency:
        yield Rule("Idempotency", "once in 24 hours for each", flow.idempotency)
    if flow.priority:
        yield Rule("Priority", "by", flow.priority)


def _ends(flow: Flow) -> Iterator[Rule]:
    yield from (Rule("Cancelled by", each.event, each.condition) for each in flow.cancel)
    if flow.start_timeout is not None:
        yield Rule("Must start within", human_duration(flow.start_timeout))
    if flow.finish_timeout is not None:
        yield Rule("Must finish within", human_duration(flow.finish_timeout))


def _concurrency(rule: Concurrency) -> str:
    across = "" if rule.scope == "fn" else f" across the {'account' if rule.scope == 'account' else 'environment'}"
    return f"{rule.limit} {'run' if rule.whole else 'step'}{'' if rule.limit == 1 else 's'} at a time{across}"
