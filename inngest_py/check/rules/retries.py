"""A function that leaves open how often it is tried again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from inngest_py.check.editing import add_keyword
from inngest_py.check.finding import Severity
from inngest_py.check.model import Module
from inngest_py.check.project import Project
from inngest_py.check.rule import Problem, Rule


def check(module: Module, _project: Project) -> Iterator[Problem]:
    """Find functions without a retry policy."""
    for declared in module.functions:
        if declared.stated.lacks("retries"):
            call = declared.call
            none = "retries" in declared.keywords or not isinstance(call, ast.Call)
            edits = () if none or not isinstance(call, ast.Call) else add_keyword(module.source, call, "retries=4")
            yield Problem(
                call,
                "the function does not say how often it is tried again",
                "say it: retries=4 is what servers do unless they are told otherwise",
                edits,
            )


RULE = Rule("ING009", Severity.WARNING, "No retry policy is stated", check, in_tests=False)
