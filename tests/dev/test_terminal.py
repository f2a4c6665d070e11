"""What the dev server's log looks like."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Span, Text

from inngest_py.dev import notices
from inngest_py.dev.lines import human_duration, line_of
from inngest_py.dev.notices import Notice, Problem
from inngest_py.dev.options import Options
from inngest_py.dev.terminal import JSONLog, Log, console_on, plain, show

RUN: dict[str, Any] = {"at": 1_000, "run_id": "01M826G8A1B2C3D4E5F6G7H8J9", "function": "shop-order", "app": "shop"}
STEP: dict[str, Any] = {**RUN, "step_id": "hashed", "step": "charge"}
ERROR = Problem("CardError", "declined", 'Traceback (most recent call last):\n  File "app.py", line 3, in charge\n')

SAID: list[tuple[Notice, str, str]] = [
    (
        notices.AppSynced(
            at=0, app="shop", url="http://a/", sdk="py:v1", functions=("f", "g"), archived=("h",), left=2
        ),
        "app",
        "shop: 2 functions, f, g; no longer h, with 2 runs still active",
    ),
    (notices.AppRemoved(at=0, app="shop", url="http://a/"), "app", "shop: removed"),
    (notices.AppUnreachable(at=0, url="http://a/", code="x", message="nothing answers"), "app", "nothing answers"),
    (notices.DeferRefused(**RUN, reason="too many"), "warning", "shop-order: too many"),
    (notices.RunLogged(**RUN, lines=2), "log", "shop-order logged 2 lines"),
    (notices.EventAccepted(at=0, event_id="1", name="a/b", internal=False, functions=("f",)), "event", "a/b for f"),
    (
        notices.RunSkipped(at=0, function="f", app="a", event_id="1", reason="a rule"),
        "skip",
        "f does not start: a rule",
    ),
    (notices.ServerFault(at=0, error=ValueError("x")), "fault", "a mistake in the dev server; please report it"),
    (notices.RunQueued(**RUN, event="a/b", event_id="1", starts_at=6_000), "queue", "shop-order starts in 5.0 s"),
    (notices.RunStarted(**RUN, event="a/b"), "start", "shop-order"),
    (notices.RunCompleted(**RUN, duration=3, steps=1, output="1"), "done", "shop-order returned after 1 step"),
    (
        notices.RunFailed(**RUN, duration=3, steps=2, error=ERROR),
        "fail",
        "shop-order failed for good: CardError: declined",
    ),
    (notices.RunCancelled(**RUN, duration=3, reason="request"), "cancel", "shop-order was cancelled: request"),
    (
        notices.CallFailed(**RUN, step_id="", attempt=0, max_attempts=4, error=ERROR, retry_at=31_000),
        "retry",
        "shop-order: attempt 1 of 4 failed: CardError: declined; again in 30.0 s",
    ),
    (
        notices.CallFailed(**RUN, step_id="", attempt=3, max_attempts=4, error=Problem("Gone"), retry_at=None),
        "fail",
        "shop-order: attempt 4 of 4 failed: Gone",
    ),
    (notices.StepStarted(**STEP, attempt=0), "run", "shop-order > charge"),
    (
        notices.StepCompleted(**STEP, op="StepRun", attempt=0, duration=3, output="1"),
        "done",
        "shop-order > charge",
    ),
    (
        notices.StepCompleted(**STEP, op="Sleep", attempt=0, duration=3, output="null"),
        "done",
        "shop-order > charge slept",
    ),
    (
        notices.StepRetrying(**STEP, attempt=1, max_attempts=4, retry_at=3_000, duration=2, error=ERROR),
        "retry",
        "shop-order > charge: attempt 2 of 4 failed: CardError: declined; again in 2.0 s",
    ),
    (
        notices.StepFailed(**STEP, op="StepRun", attempt=3, duration=2, error=ERROR),
        "fail",
        "shop-order > charge failed for good: CardError: declined",
    ),
    (notices.StepTimedOut(**STEP, op="WaitForEvent", duration=2), "timeout", "shop-order > charge waited in vain"),
    (notices.StepSleeping(**STEP, until=3_601_000), "sleep", "shop-order > charge for 1h 00m"),
    (
        notices.StepWaiting(**STEP, op="WaitForEvent", awaited="a/b", expression="x == 1", until=61_000),
        "wait",
        "shop-order > charge for a/b if x == 1, up to 1m 00s",
    ),
    (notices.StepInvoking(**STEP, target="shop-ship", until=61_000), "invoke", "shop-order > charge runs shop-ship"),
]


@pytest.mark.parametrize(("notice", "word", "text"), SAID, ids=lambda part: type(part).__name__)
def test_a_notice_is_a_line(notice: Notice, word: str, text: str) -> None:
    line = line_of(notice)

    assert (line.word, line.text) == (word, text)
    assert line.style


def test_every_notice_has_its_line() -> None:
    assert {type(notice) for notice, _, _ in SAID} == set(leaves(Notice))


@pytest.mark.parametrize("notice", [notice for notice, _, _ in SAID], ids=lambda notice: type(notice).__name__)
def test_every_notice_is_a_json_object_too(notice: Notice) -> None:
    stream = io.StringIO()

    JSONLog(stream).notice(notice)

    assert json.loads(stream.getvalue())["kind"] == type(notice).__name__


def test_an_output_is_part_of_the_json_and_not_a_string_in_it() -> None:
    stream = io.StringIO()

    JSONLog(stream).notice(notices.RunCompleted(**RUN, duration=3, steps=1, output='{"a":[1]}'))

    assert json.loads(stream.getvalue())["output"] == {"a": [1]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "a/b  starts no function"),
        ({"functions": ("f",)}, "a/b for f"),
        ({"resumed": 1}, "a/b  resumes 1 run"),
        ({"functions": ("f", "g"), "resumed": 2, "cancelled": 3}, "a/b for f, g  resumes 2 runs, cancels 3 runs"),
    ],
)
def test_what_an_event_does_is_said(fields: dict[str, Any], said: str) -> None:
    stream = io.StringIO()
    given: dict[str, Any] = {"at": 5, "event_id": "1", "name": "a/b", "internal": False, "functions": ()}

    Log(console_on(stream)).notice(notices.EventAccepted(**{**given, **fields}))

    assert stream.getvalue().rstrip().endswith(f"event             {said}")


def test_times_runs_words_and_durations_stand_below_each_other() -> None:
    stream = io.StringIO()
    log = Log(console_on(stream))

    log.notice(notices.EventAccepted(at=5, event_id="1", name="a/b", internal=False, functions=("f",)))
    log.notice(notices.RunStarted(**RUN, event="a/b"))
    log.notice(notices.StepCompleted(**STEP, op="StepRun", attempt=0, duration=1234, output='{"a":1}'))

    assert [re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", line) for line in stream.getvalue().splitlines()] == [
        "HH:MM:SS.005          event             a/b for f",
        "HH:MM:SS.000  G7H8J9  start             shop-order  a/b, run 01M826G8A1B2C3D4E5F6G7H8J9",
        'HH:MM:SS.000  G7H8J9  done       1.2 s  shop-order > charge  {"a":1}',
    ]


def test_an_error_is_shown_with_the_users_traceback_once() -> None:
    stream = io.StringIO()
    log = Log(console_on(stream))

    log.notice(notices.StepFailed(**STEP, op="StepRun", attempt=3, duration=2, error=ERROR))
    log.notice(notices.RunFailed(**RUN, duration=3, steps=2, error=ERROR))

    assert stream.getvalue().count('                File "app.py", line 3, in charge\n') == 1


def test_what_is_of_passing_interest_is_shown_on_demand() -> None:
    notice = notices.StepStarted(**STEP, attempt=0)
    stream, verbose = io.StringIO(), io.StringIO()

    Log(console_on(stream)).notice(notice)
    Log(console_on(verbose), verbose=True).notice(notice)

    assert stream.getvalue() == ""
    assert "shop-order > charge  attempt 1" in verbose.getvalue()


def test_a_terminal_has_colours_and_cuts_only_what_is_said_aside() -> None:
    notice = notices.StepCompleted(**STEP, op="StepRun", attempt=0, duration=3, output='"' + "x" * 200 + '"')

    shown = on_terminal(notice, width=90)

    assert "\x1b[32mdone" in shown
    assert len(re.sub(r"\x1b\[[0-9;]*m", "", shown).rstrip("\n")) <= 90
    assert "shop-order > charge" in shown


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert not re.search(r"\x1b\[[0-9;]*3\dm", on_terminal(notices.RunStarted(**RUN, event="a/b"), width=90))


def test_nothing_from_outside_moves_the_cursor() -> None:
    assert plain("a\x1b[2Jb\r\x07c\td\n") == "a\\x1b[2Jb\\r\\x07c\td\n"


def test_a_stream_without_the_characters_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    Log(console_on(stream)).notice(notices.RunStarted(**{**RUN, "function": "größe"}, event="a/b"))

    assert b"gr??e" in raw.getvalue()


def test_the_banner_says_where_how_and_what_for() -> None:
    memory, file = io.StringIO(), io.StringIO()

    Log(console_on(memory)).start("http://127.0.0.1:8288", Options())
    Log(console_on(file)).start("http://127.0.0.1:8288", Options(persist=Path("dev.db"), signing_key="signkey-x"))

    assert "URL       http://127.0.0.1:8288\n" in memory.getvalue()
    assert "storage   in memory, gone when this ends; --persist keeps it\n" in memory.getvalue()
    assert "For development and small single-machine use." in memory.getvalue()
    assert "INNGEST_SIGNING_KEY" in memory.getvalue()
    assert "storage   dev.db\n" in file.getvalue()
    assert "signkey-x" not in file.getvalue()


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0 ms"),
        (949, "949 ms"),
        (999, "1.0 s"),
        (59_949, "59.9 s"),
        (59_950, "1m 00s"),
        (3_599_499, "59m 59s"),
        (3_600_000, "1h 00m"),
        (86_400_000 * 7, "7d 00h"),
    ],
)
def test_a_duration_is_as_precise_as_a_person_wants_it(ms: int, text: str) -> None:
    assert human_duration(ms) == text


def on_terminal(notice: Notice, width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", width=width, soft_wrap=True)
    Log(console).notice(notice)
    return stream.getvalue()


def leaves(kind: type[Notice]) -> list[type[Notice]]:
    below = kind.__subclasses__()
    # dataclasses with slots are made twice; the first is not the one with the name
    own = [each for each in below if getattr(notices, each.__name__) is each]
    return [leaf for each in own for leaf in leaves(each)] if own else [kind]


@pytest.mark.parametrize("system", ["standard", "256", "truecolor"])
@pytest.mark.parametrize(
    "line",
    [
        Text("plain"),
        Text.assemble(("a", "bold red"), " b ", ("c", "dim"), ("d", "bright_cyan"), "e"),
        Text("all of it", "dim red"),
        Text.assemble("one\n", ("two\n", "bold"), "three"),
        Text("both ways", "dim", spans=[Span(0, 4, "red")]),
        Text("over and over", spans=[Span(0, 8, "red"), Span(5, 13, "bold")]),
    ],
)
def test_a_line_looks_as_rich_would_print_it(line: Text, system) -> None:
    ours, theirs = (Console(file=io.StringIO(), force_terminal=True, color_system=system, width=80) for _ in range(2))

    show(ours, [line])
    theirs.print(line)

    assert seen_by_a_terminal(ours) == seen_by_a_terminal(theirs)


def seen_by_a_terminal(console: Console) -> list[tuple[str, str]]:
    """Each letter with the codes that are in force."""
    assert isinstance(console.file, io.StringIO)
    found, codes = list[tuple[str, str]](), ""
    for code, letter in re.findall(r"\x1b\[([0-9;]*)m|(.|\n)", console.file.getvalue()):
        codes = codes if letter else "" if code == "0" else code
        if letter:
            found.append((letter, "" if letter == "\n" else codes))
    return found
