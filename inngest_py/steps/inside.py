"""What a step needs to know of where it is called: inside another step, inside a group."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, cast

from inngest_py.engine.effects import Invoke
from inngest_py.engine.identity import Key
from inngest_py.engine.plan import Plan
from inngest_py.errors import UsageError
from inngest_py.wire.event import Event
from inngest_py.wire.failure import is_ours


class ParallelMode(StrEnum):
    """How parallel steps go on: `WAIT` when all of them are done, `RACE` as soon as one is (PROTOCOL 8)."""

    RACE = "race"
    WAIT = "wait"


current_step: Final[ContextVar[str | None]] = ContextVar("inngest_current_step", default=None)
"""The id of the step whose handler is running."""

current_plan: Final[ContextVar[Plan | None]] = ContextVar("inngest_current_plan", default=None)
"""The plan of the function that is running; it knows whether the function only repeats what it did before."""

parallel_mode: Final[ContextVar[ParallelMode]] = ContextVar("inngest_parallel_mode", default=ParallelMode.WAIT)
"""The mode of the group in which a step is called."""


def refuse_nesting(step_id: str) -> None:
    """Raise UsageError if a step's handler is running: a step inside a step would run again on every replay."""
    outer = current_step.get()
    if outer is not None:
        raise UsageError(
            f'step "{step_id}" is called inside step "{outer}": call it in the function itself, '
            "after or beside the other one"
        )


def line_of_user() -> str:
    """Where the user's code has called us, as `file:line`."""
    frame = inspect.currentframe()
    while frame is not None and is_ours(frame.f_code):
        frame = frame.f_back
    return "an unknown line" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_going_on() -> bool:
    """Whether the user's code has caught what stopped it, and goes on: it is in no `finally` or `except` by now."""
    return sys.exception() is None


def run_opts(opts: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
    """The options of a step that runs here: those given, and the mode of its group if that is no ordinary one."""
    if parallel_mode.get() is ParallelMode.WAIT:
        return opts or None
    return {**(opts or {}), "parallelMode": ParallelMode.RACE.value}


def close_coroutine(value: object) -> bool:
    """Whether a value is a coroutine; it is closed then, so that nothing complains that it never ran."""
    if not asyncio.iscoroutine(value):
        return False
    value.close()
    return True


def called(step_id: str, handler: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Invoke:
    """The call of a step's handler. Raises UsageError if it is none, such as a coroutine that was begun already."""
    if callable(handler):
        return Invoke(handler, args, kwargs)
    kind = type(handler).__name__
    close_coroutine(handler)
    raise UsageError(
        f'step "{step_id}" needs a function to call, not a {kind}: write step.run("{step_id}", function, argument) '
        'instead of step.run("...", function(argument))'
    )


def identified(events: Event[Any] | Iterable[Event[Any]], run_id: str, key: Key) -> list[Event[Any]]:
    """Events with an id each: their own, or one that is the same whenever this step sends them (PROTOCOL 10.1)."""
    listed = [events] if isinstance(events, Event) else list(events)
    return [
        replace(event, id=f"{run_id}.{key.hashed}.{index}") if isinstance(event, Event) and not event.id else event
        for index, event in enumerate(listed)
    ]


def check_branches(calls: object) -> Sequence[Callable[[], Any]]:
    """The functions to call in parallel. Raises UsageError for anything else, such as steps called already."""
    if not isinstance(calls, Sequence):
        raise UsageError("group.parallel takes a tuple of functions without arguments: (lambda: step.run(...), ...)")
    for call in cast("Sequence[object]", calls):
        if not callable(call):
            kind = type(call).__name__
            close_coroutine(call)
            raise UsageError(
                f"group.parallel takes functions without arguments, not {kind}: "
                "write lambda: step.run(...) instead of step.run(...)"
            )
    return cast("Sequence[Callable[[], Any]]", calls)
