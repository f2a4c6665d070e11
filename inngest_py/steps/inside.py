"""What a step needs to know of where it is called: inside another step, inside a group."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, TypeGuard, cast

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


_SINGLE: Final[tuple[type, ...]] = (Event, str, bytes, Mapping)

current_step: Final[ContextVar[str | None]] = ContextVar("inngest_current_step", default=None)
"""The id of the step whose handler is running."""

current_plan: Final[ContextVar[Plan | None]] = ContextVar("inngest_current_plan", default=None)
"""The plan of the function that is running; it knows whether the function only repeats what it did before."""

parallel_mode: Final[ContextVar[ParallelMode]] = ContextVar("inngest_parallel_mode", default=ParallelMode.WAIT)
"""The mode of the group in which a step is called."""


def refuse_nesting(step_id: str, running: str | None = None) -> None:
    """Raise UsageError if a step's handler is running: a step inside a step would run again on every replay.

    `running` is the step that the function waits for, if that is known: a thread that its handler has started is
    inside it, too.
    """
    outer = current_step.get() or running
    if outer is not None:
        raise UsageError(
            f'step "{step_id}" is called inside step "{outer}": call it in the function itself, '
            "after or beside the other one"
        )


def called_too_late(step_id: str) -> UsageError:
    """The error for a step that is called when its function is not running any more."""
    return UsageError(
        f'step "{step_id}" is called after its function has ended: call steps in the function itself, and wait for '
        "them there"
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


def mode_of(mode: Any, other: Any = None) -> ParallelMode:
    """The mode that a group is given, by either name. Raises UsageError for what is none."""
    given = mode if other is None else other
    try:
        return ParallelMode(given)
    except ValueError:
        raise UsageError(f"group.parallel: mode={given!r} must be ParallelMode.WAIT or ParallelMode.RACE") from None


def close_coroutine(value: object) -> bool:
    """Whether a value is a coroutine; it is closed then, so that nothing complains that it never ran."""
    if not inspect.iscoroutine(value):
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
    """Events with an id each: their own, or one that is the same whenever this step sends them (PROTOCOL 10.1).

    Raises UsageError for what is no event.
    """
    listed: Sequence[object] = [*events] if _are_several(events) else [events]
    for event in listed:
        if not isinstance(event, Event):
            raise UsageError(
                f'step.send_event("{key.id}") takes Events, not a {type(event).__name__}: write Event(name=, data=)'
            )
    return [
        event if event.id else replace(event, id=f"{run_id}.{key.hashed}.{index}")
        for index, event in enumerate(cast("Sequence[Event[Any]]", listed))
    ]


def _are_several(events: object) -> TypeGuard[Iterable[object]]:
    return isinstance(events, Iterable) and not isinstance(events, _SINGLE)


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
