"""A duration that has no unit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta

from inngest_py.check.durations import durations, value_of
from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule
from inngest_py.config.duration import parse_duration
from inngest_py.errors import ConfigError


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find durations that are numbers, and texts that are no durations."""
    for node, scope, what in durations(module):
        value = value_of(module.names, node, scope)
        if isinstance(value, int | float):
            yield Problem(
                node,
                f"{what} is given {value:g}, a number without a unit",
                f'write "{value:g}s" if seconds are meant, "{value:g}ms" if milliseconds, or a timedelta',
            )
        elif isinstance(value, str | timedelta):
            yield from _unreadable(value, what, node)


def _unreadable(value: str | timedelta, what: str, node: ast.expr) -> Iterator[Problem]:
    try:
        parse_duration(value)
    except ConfigError as error:
        yield Problem(node, f"{what}: {error}", 'write it as "30s", "1h30m", "7d", or a timedelta')


RULE = Rule("ING008", Severity.WARNING, "A duration as a bare number", check)
