"""Flow control in words, the pulse of a function, examples of events."""

from __future__ import annotations

import json

from inngest_py.dev.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Flow,
    RateLimit,
    Scope,
    Singleton,
    SingletonMode,
    Throttle,
)
from inngest_py.dev.model import Event, Function, Run, RunStatus, Trigger
from inngest_py.dev.ui.views.examples import MOST_SHOWN, editable, event_names
from inngest_py.dev.ui.views.pulse import pulse
from inngest_py.dev.ui.views.rules import rules_of, triggers_of

NOW = 1_767_225_600_000
HOUR = 3_600_000


def function(*triggers, flow=None, **fields):
    return Function(
        slug="f", app_id="a", name="f", url="", triggers=triggers, retries=3, flow=flow or Flow(), config="{}", **fields
    )


def run(number, status=RunStatus.COMPLETED, took=100):
    ended = None if status is RunStatus.RUNNING else NOW + took
    return Run(
        id=str(number), function="f", app_id="a", status=status, events=("e",), created_at=NOW, max_attempts=1,
        started_at=NOW, ended_at=ended,
    )  # fmt: skip


def event(name, data):
    return Event(id="e", name=name, ts=NOW, received_at=NOW, data=json.dumps(data))


def test_every_rule_is_said_in_words():
    flow = Flow(
        concurrency=(
            Concurrency(3, "event.data.user"),
            Concurrency(1, whole=True),
            Concurrency(9, scope=Scope.ENVIRONMENT),
        ),
        rate_limit=RateLimit(10, HOUR),
        throttle=Throttle(5, 60_000, burst=2),
        debounce=Debounce(10_000, timeout=60_000),
        batch=Batch(50, 5_000),
        priority="event.data.rank",
        idempotency="event.data.id",
        singleton=Singleton(SingletonMode.SKIP),
        cancel=(Cancel("t/stop", "event.data.id == async.data.id"),),
        start_timeout=HOUR,
        finish_timeout=2 * HOUR,
    )

    assert [(rule.name, rule.says, rule.expression) for rule in rules_of(function(flow=flow))] == [
        ("Retries", "3", ""),
        ("Concurrency", "3 steps at a time", "event.data.user"),
        ("Concurrency", "1 run at a time", ""),
        ("Concurrency", "9 steps at a time across the environment", ""),
        ("Rate limit", "10 in 1h 00m", ""),
        ("Throttle", "5 in 1m 00s, 2 more at once", ""),
        ("Debounce", "10.0 s of silence, at most 1m 00s", ""),
        ("Batch", "up to 50 events in 5.0 s", ""),
        ("Singleton", "one run at a time: skip", ""),
        ("Idempotency", "once in 24 hours for each", "event.data.id"),
        ("Priority", "by", "event.data.rank"),
        ("Cancelled by", "t/stop", "event.data.id == async.data.id"),
        ("Must start within", "1h 00m", ""),
        ("Must finish within", "2h 00m", ""),
    ]


def test_a_schedule_says_when_it_comes_next():
    (trigger,) = triggers_of(function(Trigger(cron="0 9 * * *")), NOW)

    assert trigger.next == (NOW + 9 * HOUR, NOW + 33 * HOUR, NOW + 57 * HOUR)


def test_the_pulse_is_of_the_runs_that_ended_oldest_first():
    found = pulse([run(3, RunStatus.RUNNING), run(2, RunStatus.FAILED, took=400), run(1, took=200)], NOW + 100)

    assert [(column.run_id, column.tone, column.height) for column in found.columns] == [
        ("1", "good", 50.0),
        ("2", "bad", 100.0),
        ("3", "busy", 25.0),
    ]
    assert (found.rate, found.usual, found.slow) == (50, 300, 400)


def test_a_run_that_was_cancelled_did_neither_well_nor_badly():
    found = pulse([run(2, RunStatus.CANCELLED, took=400), run(1, took=200)], NOW)

    assert (found.rate, found.usual, found.slow) == (100, 200, 200)


def test_without_runs_there_is_no_pulse():
    found = pulse([], NOW)

    assert (found.columns, found.rate, found.usual, found.slow) == ((), None, None, None)


def test_the_events_that_functions_listen_to_are_offered():
    functions = [
        function(Trigger(event="t/b"), Trigger(event="inngest/function.failed"), Trigger(cron="* * * * *")),
        function(Trigger(event="t/a"), Trigger(event="t/*")),
        function(Trigger(event="t/gone"), archived_at=1),
    ]

    assert event_names(functions) == ("t/a", "t/b")


def test_the_data_of_an_event_is_there_to_be_edited_unless_it_is_too_much():
    assert editable(event("t/a", {"id": 1, "_inngest": {}})) == '{\n  "id": 1\n}'
    assert editable(event("t/b", {"text": "x" * MOST_SHOWN})) == "{}"
