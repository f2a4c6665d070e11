"""The scheduler: (state, time, what happened) -> decisions.

It is deterministic: time, ids and chance are given to it, and it does no I/O. The state is advanced in place, but only
by the changes that are among the decisions: applying them to a copy of the state gives the same state, and storing
them and loading them again does too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from inngest_py.dev.decide import (
    answers,
    apps,
    cancellations,
    checkpoints,
    clock,
    dispatch,
    events,
    fetches,
    invokes,
    requests,
    reruns,
)
from inngest_py.dev.decide.turn import Ended, Refused, Turn
from inngest_py.dev.decisions import Outcome
from inngest_py.dev.happenings import (
    AppRegistered,
    AppRemoved,
    BulkCancelRequested,
    CallAnswered,
    CancellationRemoved,
    CancelRequested,
    Checkpointed,
    EventsReceived,
    FetchAnswered,
    Happening,
    InvokeRequested,
    LinesLogged,
    RerunRequested,
    Restarted,
    SignalSent,
    TimePassed,
)
from inngest_py.dev.ids import Ids
from inngest_py.dev.model import Event
from inngest_py.dev.state import State

__all__ = ["decide"]

_HANDLERS: Final[dict[type, Callable[[Turn, Any], Any]]] = {
    AppRegistered: apps.register,
    AppRemoved: apps.remove,
    BulkCancelRequested: cancellations.create,
    CallAnswered: answers.answered,
    CancellationRemoved: cancellations.remove,
    CancelRequested: requests.cancel,
    Checkpointed: checkpoints.save,
    EventsReceived: events.accept,
    FetchAnswered: fetches.answered,
    InvokeRequested: requests.invoke,
    LinesLogged: requests.log,
    Restarted: clock.restart,
    RerunRequested: reruns.rerun,
    SignalSent: requests.signal,
    TimePassed: clock.advance,
}


def decide(state: State, now: int, happening: Happening, ids: Ids) -> Outcome:
    """Decide what follows from one happening. `now` is in Unix milliseconds."""
    turn = Turn(state, now, ids)
    answer, fault = None, None
    try:
        answer = _HANDLERS[type(happening)](turn, happening)
        settle(turn)
    except Exception as error:
        fault = error
    state.forget_events()
    return Outcome(tuple(turn.decisions), answer, fault)


def settle(turn: Turn) -> None:
    """Let the events that were sent on the way have their effect, and dispatch what may go, until all is quiet."""
    while True:
        match turn.next():
            case Event() as event:
                events.receive(turn, event)
            case Ended() as ended:
                invokes.returned(turn, ended)
            case Refused() as refused:
                invokes.refused(turn, refused)
            case None:
                if not dispatch.dispatch_one(turn):
                    return
