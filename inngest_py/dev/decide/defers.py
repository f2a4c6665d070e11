"""What a run puts off to its end: functions that run then, unless they were aborted (PROTOCOL 6.4, 15.5).

A mistake in it never fails the run: it is told, and that one is left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.internal import deferred_event
from inngest_py.dev.live import Live
from inngest_py.dev.model import Defer
from inngest_py.dev.notices import DeferRefused
from inngest_py.dev.reply import ReplyOp
from inngest_py.dev.shapes import as_object, as_text
from inngest_py.dev.texts import text_of

MOST: Final = 20
MAX_INPUT: Final = 4 * 1024 * 1024


def add(turn: Turn, live: Live, op: ReplyOp) -> None:
    """Put a function off to the end of the run. One that was put off already stays as it is."""
    if op.id in live.defers:
        return
    function, given = as_text(op.opts.get("fn_slug")), as_object(op.opts.get("input"))
    if not function or given is None:
        _refuse(turn, live, f'"{function}" cannot be deferred: it needs an fn_slug, and an input that is an object')
        return
    text = text_of(given)
    if len(live.defers) >= MOST:
        _refuse(turn, live, f'"{function}" cannot be deferred: a run can defer {MOST} functions')
    elif len(text) + sum(len(each.input) for each in live.defers.values()) > MAX_INPUT:
        _refuse(turn, live, f'"{function}" cannot be deferred: all inputs of a run can have {MAX_INPUT} bytes')
    else:
        turn.put(Defer(run_id=live.run.id, id=op.id, function=function, input=text))
        live.stalls = 0


def abort(turn: Turn, live: Live, op: ReplyOp) -> None:
    """Run a function not at all that was put off."""
    found = live.defers.get(as_text(op.opts.get("target_hashed_id")))
    if found is not None and not found.aborted:
        turn.put(replace(found, aborted=True))


def schedule(turn: Turn, live: Live) -> None:
    """The run has ended, however it did: send the events that start what was put off."""
    for defer in tuple(live.defers.values()):
        if not defer.aborted:
            turn.later(deferred_event(live.run, defer, turn.now, turn.ids))
        turn.drop(defer)


def _refuse(turn: Turn, live: Live, reason: str) -> None:
    turn.tell(DeferRefused(**turn.about(live), reason=reason))
