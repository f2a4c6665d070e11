"""Notices on a terminal: coloured where it can be, plain where not, or one JSON object per line for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from rich.text import Text

from inngest_py.dev.lines import Line, human_duration, line_of
from inngest_py.dev.notices import Notice, Problem
from inngest_py.dev.options import Options
from inngest_py.version import VERSION

_LONGEST_ASIDE: Final = 100
_SHORTEST_ASIDE: Final = 10
_LONGEST_TEXT: Final = 400
_RUN_ID: Final = 6
_WORD: Final = 7
_DURATION: Final = 7
_INDENT: Final = " " * 14
_RUN_STYLES: Final = ("cyan", "magenta", "blue", "yellow", "green", "bright_cyan", "bright_magenta", "bright_blue")
_SYSTEMS: Final = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_NAMES: Final[dict[type[Notice], tuple[str, ...]]] = {}
"""The fields of each kind of notice, once it has been shown."""

Show = Callable[[Notice], None]


def console_on(stream: TextIO) -> Console:
    """A console that cuts and colours nothing by itself, and prints what the stream's encoding does not have as `?`."""
    if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
        reconfigure(errors="replace")
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)


class Log:
    """Prints notices for a person to read. `verbose` shows the quiet ones too."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._last_stack = ""

    def start(self, url: str, options: Options) -> None:
        """Say where the server is and what it is for."""
        show(self._console, [banner(url, options)])

    def notice(self, notice: Notice) -> None:
        """Print a notice. A traceback that was just printed is not printed again."""
        line = line_of(notice)
        if line.quiet and not self._verbose:
            return
        show(self._console, [self._text(line, notice.at)])
        if line.stack and line.stack != self._last_stack:
            self._last_stack = line.stack
            show(self._console, [Text(_indented(line.stack), style="dim red" if "red" in line.style else "dim")])

    def say(self, word: str, message: str) -> None:
        """Print a line about something that is no notice, such as the command that was started."""
        show(self._console, [self._text(Line(word=word, style="cyan", text=message), _now())])

    def _text(self, line: Line, at: int) -> Text:
        """A line in its columns. On a terminal what is said aside has to fit."""
        shown = _columns(line, at)
        room = (
            min(_LONGEST_ASIDE, self._console.width - shown.cell_len - 3)
            if self._console.is_terminal
            else _LONGEST_ASIDE
        )
        if line.aside and room >= _SHORTEST_ASIDE:
            shown.append(f"  {_cut(plain(line.aside), room)}", style="dim")
        return shown


class JSONLog:
    """Prints each notice as a JSON object on a line of its own. `kind` is the name of its class."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def start(self, url: str, options: Options) -> None:
        """Say where the server is."""
        self._write({"kind": "Ready", "at": _now(), "url": url, "storage": storage(options), "version": VERSION})

    def notice(self, notice: Notice) -> None:
        """Print a notice."""
        self._write(as_json(notice))

    def say(self, word: str, message: str) -> None:
        """Print something that is no notice."""
        self._write({"kind": word.capitalize(), "at": _now(), "message": message})

    def _write(self, value: Mapping[str, Any]) -> None:
        self._stream.write(_ENCODE(value) + "\n")
        self._stream.flush()


def as_json(notice: Notice) -> dict[str, Any]:
    """A notice as a JSON object; an output is part of it, not a string in it."""
    kind = type(notice)
    names = _NAMES.get(kind) or _NAMES.setdefault(kind, tuple(field.name for field in fields(kind)))
    shown = {"kind": kind.__name__, **{name: getattr(notice, name) for name in names}}
    if isinstance(output := shown.get("output"), str):
        shown["output"] = json.loads(output or "null")
    return shown


def _plain(value: object) -> object:
    """What JSON has no form for: a problem is an object, anything else is a text."""
    return asdict(value) if isinstance(value, Problem) else str(value)


_ENCODE: Final = json.JSONEncoder(default=_plain).encode


def storage(options: Options) -> str:
    """Where things are kept: a file, or memory."""
    return "memory" if options.persist is None else str(options.persist)


def banner(url: str, options: Options) -> Text:
    """What is shown at the start."""
    kept = "in memory, gone when this ends; --persist keeps it" if options.persist is None else str(options.persist)
    security = "signed with the key that was given" if options.signing_key else "unsigned, open to this machine"
    rows = (("URL", url, "bold"), ("storage", kept, ""), ("requests", security, ""))
    shown = Text.assemble("\n", ("inngest-py dev server", "bold cyan"), (f"  v{VERSION}\n\n", "dim"))
    for name, value, style in rows:
        shown.append_text(Text.assemble((f"  {name:<10}", "dim"), (f"{value}\n", style)))
    return shown.append(
        "\n  For development and small single-machine use. In production the same app runs on Inngest Cloud or a\n"
        "  self-hosted Inngest: unset INNGEST_DEV, set INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY, and for your own\n"
        "  server INNGEST_BASE_URL.\n",
        style="dim",
    )


def plain(text: str) -> str:
    """Text without the control characters that could make a terminal do things."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)


def show(console: Console, lines: Iterable[Text]) -> None:
    """Print lines. Where a console can be written to as it is, that is quicker: many runs a second may be logged."""
    for line in lines:
        painted = _painted(line, console)
        if painted is None:
            console.print(line)
        else:
            console.file.write(f"{painted}\n")
    console.file.flush()


def _painted(line: Text, console: Console) -> str | None:
    """A line with the codes for its colours in it; None if that is too much for this, or for the console."""
    if not console.is_terminal:
        return line.plain
    if console.legacy_windows or console.no_color or console.color_system is None:
        return None
    colors, text, parts, end = _SYSTEMS[console.color_system], line.plain, list[str](), 0
    for span in line.spans:
        if span.start < end or line.style:
            return None
        parts += (text[end : span.start], _style(span.style).render(text[span.start : span.end], color_system=colors))
        end = span.end
    shown = "".join((*parts, text[end:]))
    return _style(line.style).render(shown, color_system=colors) if line.style else shown


def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style


def _columns(line: Line, at: int) -> Text:
    run = line.run_id[-_RUN_ID:]
    took = "" if line.duration is None else human_duration(line.duration)
    return Text.assemble(
        (_clock(at), "dim"),
        "  ",
        (f"{run:<{_RUN_ID}}", _RUN_STYLES[sum(run.encode()) % len(_RUN_STYLES)]),
        "  ",
        (f"{line.word:<{_WORD}}", line.style),
        f"  {took:>{_DURATION}}  ",
        _cut(plain(line.text).replace("\n", " "), _LONGEST_TEXT),
    )


def _clock(at: int) -> str:
    return f"{_second(at // 1000)}.{at % 1000:03d}"


@lru_cache(maxsize=8)
def _second(at: int) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _indented(stack: str) -> str:
    return "\n".join(_INDENT + plain(line) for line in stack.rstrip().splitlines())


def _now() -> int:
    return round(datetime.now().astimezone().timestamp() * 1000)
