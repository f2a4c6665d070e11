"""Runs as a person reads them: a table of several, or one as a tree of its steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.text import Text

from inngest_py.dev.lines import human_duration
from inngest_py.dev.terminal import plain
from inngest_py.wire.codec import as_list, as_object

_STYLES: Final = {
    "Completed": "green",
    "Failed": "red",
    "Cancelled": "magenta",
    "Running": "cyan",
    "Retrying": "yellow",
    "TimedOut": "yellow",
}
_KINDS: Final = {
    "Sleep": "sleep",
    "WaitForEvent": "wait for event",
    "WaitForSignal": "wait for signal",
    "InvokeFunction": "invoke",
    "Gateway": "fetch",
    "AIGateway": "ai",
}
_LEVELS: Final = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "WARN": "yellow"}
_LONGEST: Final = 100

Fields = Mapping[str, Any]


def table_of(runs: Sequence[Fields]) -> list[Text]:
    """Several runs, a line each."""
    if not runs:
        return [Text("no runs")]
    head = [Text(name, style="dim") for name in ("run", "status", "function", "event", "started", "took")]
    return _aligned([head, *(_row(run) for run in runs)])


def _row(run: Fields) -> list[Text]:
    when = _when(run.get("started_at") or run.get("run_started_at"))
    plainly = [Text(_field(run, name)) for name in ("function", "event_name")]
    return [Text(_field(run, "run_id")), _status(run), *plainly, Text(when), Text(_took(run), justify="right")]


def tree_of(run: Fields, *, whole: bool = False) -> list[Text]:
    """One run: what it is, its steps in the order in which they were found, and how it ended.

    Results of steps are cut short unless it is to be shown `whole`, to a program or in a file.
    """
    head = Text.assemble((_field(run, "function") or "run", "bold"), "  ", _status(run), "  ", (_took(run), "dim"))
    when = _when(run.get("started_at") or run.get("run_started_at"))
    event = _field(run, "event_name")
    about = Text(f"run {_field(run, 'run_id')}{event and f', by {event}'}, {when}", "dim")
    return [head, about, *_steps(run, whole=whole), *_ending(run)]


def log_of(run: Fields, lines: Sequence[Fields]) -> list[Text]:
    """What the app has logged in a run, each line with how long after the start it came."""
    return _aligned([_logged(run, line, part) for line in lines for part in _parts(line)]) or [Text("no lines", "dim")]


def _parts(line: Fields) -> list[tuple[str, bool]]:
    """The lines of a message, which may have several: the first one stands for all."""
    return [(text, not number) for number, text in enumerate(str(line.get("message") or "").split("\n"))]


def _logged(run: Fields, line: Fields, part: tuple[str, bool]) -> list[Text]:
    text, first = part
    level = _field(line, "level")
    at = _since(run, _moment(line.get("at")))
    return [
        Text(at if first else "", style="dim", justify="right"),
        Text(level.lower() if first else "", style=_LEVELS.get(level, "red")),
        Text(plain(text)),
    ]


def _steps(run: Fields, *, whole: bool) -> list[Text]:
    steps = [step for each in as_list(run.get("steps")) or () if (step := as_object(each)) is not None]
    longest = None if whole else _LONGEST
    return _aligned([_step(run, step, longest, last=step is steps[-1]) for step in steps])


def _step(run: Fields, step: Fields, longest: int | None, *, last: bool) -> list[Text]:
    attempts = step.get("attempts")
    kind = _KINDS.get(_field(step, "op"), "")
    return [
        Text.assemble(("└─ " if last else "├─ ", "dim"), _field(step, "name"), (kind and f"  {kind}", "dim")),
        _status(step),
        Text(_offset(run, step), style="dim", justify="right"),
        Text(_took(step), justify="right"),
        Text(f"{attempts} attempts" if isinstance(attempts, int) and attempts > 1 else "", style="yellow"),
        Text(_cut(_result(step), longest), style="red" if step.get("error") else "dim"),
    ]


def _aligned(rows: Sequence[Sequence[Text]]) -> list[Text]:
    """Rows with their cells one below the other; an empty column takes no place."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    lines = list[Text]()
    for row in rows:
        line = Text()
        for cell, width in zip(row, widths, strict=True):
            padding = " " * (width - cell.cell_len)
            line.append_text(Text.assemble(padding, cell) if cell.justify == "right" else Text.assemble(cell, padding))
            line.append("  " if width else "")
        line.rstrip()
        lines.append(line)
    return lines


def _result(step: Fields) -> str:
    error = as_object(step.get("error"))
    if error is not None:
        return _error(error)
    output = step.get("output")
    return "" if output is None else json.dumps(output, ensure_ascii=False)


def _ending(run: Fields) -> list[Text]:
    """The output; of a run that failed the error, with the traceback of the user's code."""
    output = run.get("output")
    if run.get("status") != "Failed":
        shown = plain(json.dumps(output, ensure_ascii=False))
        return [] if output is None else [Text.assemble(("output  ", "dim"), shown)]
    error = as_object(output) or {}
    error = as_object(error.get("error")) or error
    stack = plain(str(error.get("stack") or "").rstrip()).splitlines()
    said = Text.assemble(("error   ", "dim"), (_error(error), "red"))
    return [said, *(Text(f"        {line}", style="dim red") for line in stack)]


def _error(error: Fields) -> str:
    name, message = _field(error, "name") or "Error", _field(error, "message")
    return f"{name}: {message}" if message else name


def _status(of: Fields) -> Text:
    status = _field(of, "status")
    return Text(status, style=_STYLES.get(status, "blue"))


def _took(of: Fields) -> str:
    duration = of.get("duration_ms")
    return human_duration(duration) if isinstance(duration, int) else ""


def _offset(run: Fields, step: Fields) -> str:
    """How long after the start of the run a step began."""
    return _since(run, _moment(step.get("started_at") or step.get("queued_at")))


def _since(run: Fields, found: datetime | None) -> str:
    began = _moment(run.get("started_at"))
    if began is None or found is None:
        return ""
    return f"+{human_duration(round((found - began).total_seconds() * 1000))}"


def _when(text: object) -> str:
    moment = _moment(text)
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _field(of: Fields, name: str) -> str:
    value = of.get(name)
    return "" if value is None else plain(str(value))


def _cut(text: str, longest: int | None) -> str:
    text = text.replace("\n", " ")
    return plain(text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…")
