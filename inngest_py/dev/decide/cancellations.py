"""Cancelling many runs of a function together: those there are, and those to come for as long as it is in force."""

from __future__ import annotations

from typing import Final

from inngest_py.dev.decide.endings import cancel
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.expression import EVENT, compile_expression
from inngest_py.dev.happenings import BulkCancelRequested, CancellationRemoved
from inngest_py.dev.live import Live
from inngest_py.dev.model import Cancellation

REASON: Final = "bulk cancellation"


def create(turn: Turn, happening: BulkCancelRequested) -> list[str]:
    """Remember what fits. Returns the ids of the runs that do: ten thousand at once would keep all others waiting."""
    turn.put(happening.cancellation)
    return [live.run.id for live in turn.state.live.values() if _fits(turn, happening.cancellation, live)]


def remove(turn: Turn, happening: CancellationRemoved) -> bool:
    """Cancel no more runs. What was cancelled stays so."""
    found = turn.state.cancellations.get(happening.id)
    if found is not None:
        turn.drop(found)
    return found is not None


def finish(turn: Turn) -> None:
    """Cancel what the last life of the server did not come to."""
    for live in tuple(turn.state.live.values()) if turn.state.cancellations else ():
        check(turn, live)


def check(turn: Turn, live: Live) -> None:
    """Cancel a run if it fits what is in force."""
    if any(_fits(turn, each, live) for each in turn.state.cancellations.values()):
        cancel(turn, live, REASON)


def _fits(turn: Turn, cancellation: Cancellation, live: Live) -> bool:
    run, after = live.run, cancellation.started_after
    if run.function != cancellation.function or run.created_at >= cancellation.started_before:
        return False
    if after is not None and run.created_at <= after:
        return False
    if not cancellation.expression:
        return True
    return compile_expression(cancellation.expression, EVENT).matches({"event": live.value}, turn.now)
