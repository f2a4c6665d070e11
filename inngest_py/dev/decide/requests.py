"""What people ask for over REST: to cancel a run, to send a signal, to run a function, to keep log lines."""

from __future__ import annotations

from dataclasses import replace

from inngest_py.dev.decide.admission import admit
from inngest_py.dev.decide.endings import cancel as cancel_run
from inngest_py.dev.decide.steps import resolve
from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.happenings import CancelRequested, InvokeRequested, LinesLogged, SignalSent
from inngest_py.dev.model import StepStatus
from inngest_py.dev.notices import RunLogged
from inngest_py.dev.texts import quoted


def cancel(turn: Turn, happening: CancelRequested) -> bool:
    """Cancel a run; the answer is whether it was active."""
    live = turn.state.live.get(happening.run_id)
    if live is None:
        return False
    cancel_run(turn, live, happening.reason)
    return True


def signal(turn: Turn, happening: SignalSent) -> str | None:
    """Hand a signal to whoever waits for it; the answer is that run, or None. It is not kept (PROTOCOL 10.3)."""
    pause_id = turn.state.signals.get(happening.signal)
    if pause_id is None:
        return None
    pause = turn.state.pauses[pause_id]
    memo = f'{{"data":{{"data":{happening.data},"signal":{quoted(happening.signal)}}}}}'
    resolve(turn, pause, memo, StepStatus.COMPLETED)
    return pause.run_id


def log(turn: Turn, happening: LinesLogged) -> None:
    """Keep what an app has logged in a run."""
    run = happening.run
    for line in happening.lines:
        turn.put(replace(line, id=turn.ids.ulid(turn.now)))
    lines = len(happening.lines)
    turn.tell(RunLogged(at=turn.now, run_id=run.id, function=run.function, app=run.app_id, lines=lines))


def invoke(turn: Turn, happening: InvokeRequested) -> bool:
    """Run one function; the answer is whether there is such a one (PROTOCOL 10.2)."""
    function = turn.state.functions.get(happening.slug)
    if function is None or function.archived_at is not None:
        return False
    turn.put(happening.event)
    admit(turn, function, happening.event)
    return True
