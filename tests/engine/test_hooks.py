"""No middleware: nothing is changed, and nothing is asked for."""

from __future__ import annotations

import pytest

from inngest_py.engine import catalogue
from inngest_py.engine.drive import drive
from inngest_py.engine.effects import Effect, Invoke
from inngest_py.engine.hooks import NO_HOOKS, StepResult
from inngest_py.engine.identity import key_of
from inngest_py.engine.verdict import Policy
from inngest_py.wire.failure import Failure

STEP = catalogue.run(key_of("a", 0))
INVOKE = Invoke(dict)


def never(effect: Effect) -> None:
    raise AssertionError(effect)


def test_no_middleware_gives_back_what_it_was_given() -> None:
    failure = Failure("E", "no")

    assert drive(NO_HOOKS.report(STEP, INVOKE), never) == (STEP, INVOKE)
    assert drive(NO_HOOKS.recall(STEP, {"data": 1}), never) == {"data": 1}
    assert drive(NO_HOOKS.failed(STEP, ValueError("no"), failure, Policy(), final=True), never) is failure


def test_no_middleware_changes_no_result() -> None:
    result = StepResult(1)

    with NO_HOOKS.around_step(STEP, INVOKE, Policy()):
        drive(NO_HOOKS.before_step(STEP, INVOKE, Policy()), never)
        drive(NO_HOOKS.after_step(STEP, result, Policy()), never)

    assert result == StepResult(1)


def test_what_is_raised_around_a_step_is_not_swallowed() -> None:
    with pytest.raises(ValueError, match="no"), NO_HOOKS.around_step(STEP, INVOKE, Policy()):
        raise ValueError("no")
