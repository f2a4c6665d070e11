"""What a person is told about a notice: one line, and the traceback of an error below it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inngest_py.dev import notices
from inngest_py.wire.ops import Opcode

_FEW: Final = 4
_SECOND: Final = 1_000
_NEARLY_A_SECOND: Final = 950
_NEARLY_A_MINUTE: Final = 59_950


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the log. `word` says what happened, `style` colours it, `aside` may be cut short.

    `quiet` lines are shown on demand only. `duration` is in milliseconds.
    """

    word: str
    style: str
    text: str
    aside: str = ""
    run_id: str = ""
    duration: int | None = None
    stack: str = ""
    quiet: bool = False


def line_of(notice: notices.Notice) -> Line:
    """What to say about a notice."""
    match notice:
        case notices.StepNotice():
            return _step(notice)
        case notices.RunNotice():
            return _run(notice)
        case _:
            return _other(notice)


def human_duration(ms: int) -> str:
    """A duration in milliseconds, as precise as a person wants it: 12 ms, 1.2 s, 3m 05s, 2h 00m, 7d 00h."""
    if ms < _NEARLY_A_SECOND:
        return f"{max(ms, 0)} ms"
    if ms < _NEARLY_A_MINUTE:
        return f"{ms / _SECOND:.1f} s"
    minutes, seconds = divmod(round(ms / _SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02d}h"
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {seconds:02d}s"


# What concerns no run ------------------------------------------------------------------------------------------------


def _other(notice: notices.Notice) -> Line:
    match notice:
        case notices.AppSynced() | notices.AppRemoved() | notices.AppUnreachable():
            return _app(notice)
        case notices.EventAccepted():
            return _event(notice)
        case notices.RunSkipped(function=function, reason=reason):
            return Line(word="skip", style="yellow", text=f"{function} does not start: {reason}")
        case notices.ServerFault(error=error) if type(error).__module__ == "sqlite3":
            return Line(word="fault", style="bold red", text=f"the database cannot be written: {error}")
        case notices.ServerFault(error=error):
            stack = "".join(traceback.format_exception(error))
            return Line(
                word="fault", style="bold red", text="a mistake in the dev server; please report it", stack=stack
            )
        case _:
            raise NotImplementedError(f"there is no line for {notice}")


def _app(notice: notices.AppSynced | notices.AppRemoved | notices.AppUnreachable) -> Line:
    match notice:
        case notices.AppSynced(app=app, url=url, sdk=sdk):
            return Line(word="app", style="cyan", text=f"{app}: {_functions(notice)}", aside=f"{sdk} at {url}")
        case notices.AppRemoved(app=app, url=url):
            return Line(word="app", style="yellow", text=f"{app}: removed", aside=f"it was at {url}")
        case notices.AppUnreachable(message=message):
            return Line(word="app", style="bold red", text=message)


def _functions(notice: notices.AppSynced) -> str:
    gone = f"; no longer {_listed(notice.archived)}" if notice.archived else ""
    gone += f", with {_runs(notice.left)} still active" if notice.left else ""
    if not notice.functions:
        return f"no functions{gone}"
    noun = "function" if len(notice.functions) == 1 else "functions"
    return f"{len(notice.functions)} {noun}, {_listed(notice.functions)}{gone}"


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _FEW} more"] if len(names) > _FEW else []
    return ", ".join([*names[:_FEW], *more])


def _event(notice: notices.EventAccepted) -> Line:
    started = f" for {_listed(notice.functions)}" if notice.functions else ""
    woken = [
        f"{verb} {_runs(count)}"
        for verb, count in (("resumes", notice.resumed), ("cancels", notice.cancelled))
        if count
    ]
    aside = ", ".join(woken) or ("" if started else "starts no function")
    return Line(word="event", style="blue", text=notice.name + started, aside=aside, quiet=notice.internal)


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


# Runs ----------------------------------------------------------------------------------------------------------------


def _run(notice: notices.RunNotice) -> Line:
    run_id, function = notice.run_id, notice.function
    match notice:
        case notices.RunQueued(event=event, starts_at=starts_at, at=at):
            text = f"{function} starts in {human_duration(starts_at - at)}"
            return Line(word="queue", style="dim", run_id=run_id, text=text, aside=event, quiet=starts_at <= at)
        case notices.RunStarted(event=event):
            return Line(word="start", style="bold cyan", run_id=run_id, text=function, aside=f"{event}, run {run_id}")
        case notices.RunCompleted(duration=duration, steps=steps, output=output):
            text, found = f"{function} returned after {_counted(steps)}", _shown(output)
            return Line(word="done", style="bold green", run_id=run_id, duration=duration, text=text, aside=found)
        case notices.RunFailed(duration=duration, error=error):
            text = f"{function} failed for good: {_said(error)}"
            return Line(word="fail", style="bold red", run_id=run_id, duration=duration, text=text, stack=error.stack)
        case notices.RunCancelled(duration=duration, reason=reason):
            text = f"{function} was cancelled: {reason}"
            return Line(word="cancel", style="magenta", run_id=run_id, duration=duration, text=text)
        case notices.CallFailed() | notices.DeferRefused() | notices.RunLogged():
            return _on_the_way(notice)
        case _:
            raise NotImplementedError(f"there is no line for {notice}")


def _on_the_way(notice: notices.CallFailed | notices.DeferRefused | notices.RunLogged) -> Line:
    run_id, function = notice.run_id, notice.function
    match notice:
        case notices.CallFailed(attempt=attempt, max_attempts=most, retry_at=at, error=error):
            text = f"{function}: {_attempt(attempt, most)}: {_said(error)}{_again(at, notice.at)}"
            word, style = ("fail", "red") if at is None else ("retry", "yellow")
            return Line(word=word, style=style, run_id=run_id, text=text, stack=error.stack)
        case notices.DeferRefused(reason=reason):
            return Line(word="warning", style="yellow", run_id=run_id, text=f"{function}: {reason}")
        case notices.RunLogged(lines=lines):
            noun = "line" if lines == 1 else "lines"
            return Line(word="log", style="dim", run_id=run_id, text=f"{function} logged {lines} {noun}", quiet=True)


def _counted(steps: int) -> str:
    return f"{steps} step" if steps == 1 else f"{steps} steps"


def _attempt(attempt: int, most: int) -> str:
    return f"attempt {attempt + 1} of {most} failed"


def _again(at: int | None, now: int) -> str:
    return "" if at is None else f"; again in {human_duration(at - now)}"


def _said(error: notices.Problem) -> str:
    return f"{error.name}: {error.message}" if error.message else error.name


def _shown(output: str) -> str:
    return "" if output == "null" else output


# Steps ---------------------------------------------------------------------------------------------------------------


def _step(notice: notices.StepNotice) -> Line:
    run_id, name = notice.run_id, f"{notice.function} > {notice.step}"
    match notice:
        case notices.StepStarted(attempt=attempt):
            return Line(word="run", style="dim", run_id=run_id, text=name, aside=f"attempt {attempt + 1}", quiet=True)
        case notices.StepCompleted():
            return _completed(notice, name)
        case notices.StepRetrying(attempt=attempt, max_attempts=most, retry_at=at, duration=duration, error=error):
            text = f"{name}: {_attempt(attempt, most)}: {_said(error)}{_again(at, notice.at)}"
            return Line(word="retry", style="yellow", run_id=run_id, duration=duration, text=text, stack=error.stack)
        case notices.StepFailed(duration=duration, error=error):
            text = f"{name} failed for good: {_said(error)}"
            return Line(word="fail", style="red", run_id=run_id, duration=duration, text=text, stack=error.stack)
        case notices.StepTimedOut(duration=duration):
            return Line(word="timeout", style="yellow", run_id=run_id, duration=duration, text=f"{name} waited in vain")
        case _:
            return _pausing(notice, name)


def _completed(notice: notices.StepCompleted, name: str) -> Line:
    said = {Opcode.SLEEP: " slept", Opcode.WAIT_FOR_EVENT: " received", Opcode.INVOKE_FUNCTION: " was answered"}
    text = name + next((word for op, word in said.items() if notice.op == op.value), "")
    aside = "" if notice.op == Opcode.SLEEP.value else _shown(notice.output)
    return Line(word="done", style="green", run_id=notice.run_id, duration=notice.duration, text=text, aside=aside)


def _pausing(notice: notices.StepNotice, name: str) -> Line:
    run_id = notice.run_id
    match notice:
        case notices.StepSleeping(until=until):
            text = f"{name} for {human_duration(until - notice.at)}"
            return Line(word="sleep", style="blue", run_id=run_id, text=text)
        case notices.StepWaiting(awaited=awaited, expression=expression, until=until):
            condition = f" if {expression}" if expression else ""
            text = f"{name} for {awaited}{condition}, up to {human_duration(until - notice.at)}"
            return Line(word="wait", style="blue", run_id=run_id, text=text)
        case notices.StepInvoking(target=target):
            return Line(word="invoke", style="blue", run_id=run_id, text=f"{name} runs {target}")
        case _:
            raise NotImplementedError(f"there is no line for {notice}")
