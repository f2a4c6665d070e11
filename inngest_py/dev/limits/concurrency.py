"""Concurrency: how many calls may be in flight (PROTOCOL 14.2).

It counts calls, not runs: a run that sleeps or waits holds nothing. Only a rule for whole runs counts these, from
their start to their end.
"""

from __future__ import annotations

from typing import Final

from inngest_py.dev.flow import Concurrency, Scope
from inngest_py.dev.limits.keys import Value, key_text
from inngest_py.dev.model import Function, Slot

DEFAULT: Final = 1000
"""The limit of a function that sets none, or one below 1."""


def slots(function: Function, event: Value, now: int) -> tuple[Slot, ...]:
    """The slots of a run and of its calls."""
    rules = function.flow.concurrency
    if all(rule.whole for rule in rules):
        rules = (*rules, Concurrency(DEFAULT))
    made = tuple(_slot(function, rule, event, now) for rule in rules)
    return made if len(made) == 1 else _distinct(made)


def _distinct(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Of several limits to the same counter the lowest one: a call counts there once."""
    strict = sorted(slots, key=lambda slot: -slot.limit)
    return tuple({slot.name: slot for slot in strict}.values())


def _slot(function: Function, rule: Concurrency, event: Value, now: int) -> Slot:
    key = key_text(rule.key, event, now)
    owner = f"fn:{function.slug}" if rule.scope is Scope.FUNCTION else rule.scope.value
    name = ("run:" if rule.whole else "") + (f"{owner}:{rule.key}={key}" if rule.key else owner)
    return Slot(name, rule.limit if rule.limit > 0 else DEFAULT, rule.whole)
