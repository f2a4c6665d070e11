"""What a rule is: a code, a severity, a title, and a pure function from a module to its problems."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from inngest_py.check.finding import Edit, Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule has to say about a node of a module, and what to do about it."""

    node: ast.AST
    message: str
    fix: str
    edits: tuple[Edit, ...] = ()


Check: TypeAlias = Callable[[Module, Project], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `pages/<code>.md` has an example of what it finds and of what it does not.

    `in_tests` says that it is also about tests, whose functions are made up and served nowhere.
    """

    code: str
    severity: Severity
    title: str
    check: Check
    in_tests: bool = True
