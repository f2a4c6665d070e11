"""What an event sets off: runs that wait for it go on or are cancelled, functions start (PROTOCOL 14.1, 14.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inngest_py.dev.decide.admission import admit
from inngest_py.dev.decide.endings import cancel
from inngest_py.dev.decide.steps import resolve
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.happenings import EventsReceived
from inngest_py.dev.internal import INVOKED, PREFIX
from inngest_py.dev.model import Event, Function, Pause, PauseKind, StepStatus
from inngest_py.dev.notices import EventAccepted
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.dev.state import State
from inngest_py.dev.texts import event_text, event_value


def accept(turn: Turn, happening: EventsReceived) -> None:
    """Take in events, in their order."""
    for event in happening.events:
        turn.later(event)


def receive(turn: Turn, event: Event) -> None:
    """Store an event, and let it have its effect: first on what waits already, then on what it starts."""
    turn.put(event)
    starts, awaited = tuple(_started_by(turn, event)), tuple(matching(turn.state, event, turn.now))
    cancels = {pause.run_id for pause in awaited if pause.kind is PauseKind.CANCEL}
    turn.tell(
        EventAccepted(
            at=turn.now,
            event_id=event.id,
            name=event.name,
            internal=event.name.startswith(PREFIX),
            functions=tuple(function.slug for function in starts),
            resumed=len({pause.run_id for pause in awaited} - cancels),
            cancelled=len(cancels),
        )
    )
    for pause in awaited:
        _end_wait(turn, pause, event)
    for function in starts:
        admit(turn, function, event)


def patterns(name: str) -> Iterator[str]:
    """The trigger names that an event name fits: itself, and `prefix/*` and `prefix.*` at each `/` and `.` in it."""
    yield name
    for place, letter in enumerate(name):
        if letter in "/.":
            yield name[: place + 1] + "*"


def _started_by(turn: Turn, event: Event) -> Iterator[Function]:
    """The functions that an event starts, each once: not the one that it invokes, which has been started by that."""
    seen = {_invoked(event)}
    for pattern in patterns(event.name):
        for slug in turn.state.starters.get(pattern, ()):
            function = turn.state.functions[slug]
            if slug not in seen and _wants(turn, function, pattern, event):
                seen.add(slug)
                yield function


def _invoked(event: Event) -> str:
    """The function that an event invokes, or an empty string."""
    if event.name != INVOKED:
        return ""
    about = as_object(event_value(event)["data"].get("_inngest")) or {}
    return as_text(about.get("fn_id"))


def _wants(turn: Turn, function: Function, pattern: str, event: Event) -> bool:
    for trigger in function.triggers:
        if trigger.event == pattern:
            if not trigger.expression:
                return True
            variables = {"event": event_value(event)}
            if compile_expression(trigger.expression, EVENT).matches(variables, turn.now):
                return True
    return False


def matching(state: State, event: Event, now: int) -> Iterator[Pause]:
    """The pauses that an event would end: those of its name whose condition holds for it."""
    waiting = state.waits.get(event.name)
    if not waiting:
        return
    candidate: dict[str, Any] | None = None
    for pause_id in waiting:
        pause = state.pauses[pause_id]
        if pause.expression:
            candidate = candidate or event_value(event)
            variables = {"event": state.live[pause.run_id].value, "async": candidate}
            if not compile_expression(pause.expression).matches(variables, now):
                continue
        yield pause


def _end_wait(turn: Turn, pause: Pause, event: Event) -> None:
    if pause.id not in turn.state.pauses:
        return
    if pause.kind is PauseKind.CANCEL:
        cancel(turn, turn.state.live[pause.run_id], event.name)
    else:
        resolve(turn, pause, event_text(event), StepStatus.COMPLETED)
