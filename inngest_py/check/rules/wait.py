"""A wait that never ends, or for longer than servers wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from inngest_py.check.durations import YEAR, duration_of, value_of
from inngest_py.check.finding import Severity
from inngest_py.check.model import Module, StepCall
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.config.duration import parse_duration
from inngest_py.errors import ConfigError

_WAITS: Final = frozenset({"wait_for_event", "wait_for_signal"})


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find waits without a timeout, and timeouts of more than a year."""
    for declared in module.declared:
        for step in declared.body.steps:
            yield from _problems(step, module)


def _problems(step: StepCall, module: Module) -> Iterator[Problem]:
    node = duration_of(step)
    value = None if node is None else value_of(module.names, node, step.scope)
    if step.method in _WAITS and not step.is_open and (node is None or _is_none(node)):
        yield Problem(
            step.node, f"step.{step.method} waits without a timeout", 'say how long: timeout="7d", and handle None'
        )
    elif node is not None and _longer_than_a_year(value):
        yield Problem(node, f"step.{step.method} takes longer than a year", 'write "365d" or less')


def _is_none(node: object) -> bool:
    return getattr(node, "value", node) is None


def _longer_than_a_year(value: object) -> bool:
    if not isinstance(value, str | timedelta):
        return False
    try:
        return parse_duration(value) > YEAR
    except ConfigError:
        return False


RULE = Rule("ING005", Severity.ERROR, "A wait without a timeout, or of more than a year", check)
