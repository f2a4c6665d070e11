"""A run over time, to scale."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.model import Attempt, Run, RunStatus, Step, StepStatus
from inngest_py.dev.ui.views.detail import fault, step_view
from inngest_py.dev.ui.views.happened import happened
from inngest_py.dev.ui.views.waterfall import NARROWEST, Bar, waterfall


def run(**fields):
    known = {"status": RunStatus.COMPLETED, "created_at": 1_000, "started_at": 1_200, "ended_at": 2_000}
    return Run(id="r", function="f", app_id="a", events=("e",), max_attempts=1, event_name="t/f", **{**known, **fields})


def step(name, op="StepRun", status=StepStatus.COMPLETED, **fields):
    known = {"queued_at": 1_200, "started_at": 1_200, "ended_at": 1_400, "attempts": 1}
    return Step(run_id="r", id=name, name=name, op=op, status=status, **{**known, **fields})


def attempt(step_id):
    return Attempt(
        run_id="r",
        step_id=step_id,
        number=0,
        started_at=1_200,
        ended_at=1_300,
        retry_at=1_800,
        error='{"name":"Busy","message":"later"}',
    )


def test_the_queue_time_and_the_run_stand_in_the_first_lane():
    (lane,) = waterfall(run(), [], [], 9_999).lanes

    assert lane.bars == (Bar("queue", 0, 20, 200), Bar("good whole", 20, 80, 800))
    assert lane.took == 800


def test_a_step_stands_where_it_was_with_its_queue_time_before_it():
    _, lane = waterfall(run(), [step("a", queued_at=1_200, started_at=1_500, ended_at=1_750)], [], 9_999).lanes

    assert lane.bars == (Bar("queue", 20, 30, 300), Bar("good", 50, 25, 250))
    assert (lane.took, lane.kind) == (250, "")


def test_a_sleep_stands_from_when_it_was_found():
    _, lane = waterfall(run(), [step("nap", op="Sleep", started_at=None, ended_at=2_000)], [], 9_999).lanes

    assert lane.bars == (Bar("wait", 20, 80, 800),)
    assert lane.kind == "sleep"


def test_what_goes_on_goes_up_to_now():
    chart = waterfall(
        run(status=RunStatus.RUNNING, ended_at=None),
        [step("a", status=StepStatus.RUNNING, started_at=1_600, ended_at=None)],
        [],
        2_000,
    )

    assert chart.lanes[1].bars == (Bar("queue", 20, 40, 400), Bar("busy", 60, 40, 400))
    assert chart.ticks == ("0", "250 ms", "500 ms", "750 ms", "1.0 s")


@pytest.mark.parametrize("at", [1_000, 1_500, 2_000])
def test_what_takes_no_time_can_be_seen_and_stays_within(at):
    _, lane = waterfall(run(), [step("a", queued_at=at, started_at=at, ended_at=at)], [], 9_999).lanes

    (bar,) = lane.bars
    assert bar.width == NARROWEST
    assert 0 <= bar.left <= 100 - NARROWEST


def test_a_run_that_has_not_started_is_all_queue():
    (lane,) = waterfall(run(status=RunStatus.QUEUED, started_at=None, ended_at=None), [], [], 1_500).lanes

    assert (lane.bars, lane.took) == ((Bar("queue", 0, 100, 500),), None)


def test_the_log_says_in_order_what_happened():
    error = '{"name":"Declined","message":"no money"}'
    steps = [
        step("nap", op="Sleep", started_at=None, queued_at=1_300, ended_at=1_500),
        step("pay", status=StepStatus.FAILED, started_at=1_500, ended_at=1_900, error=error),
    ]

    lines = happened(run(status=RunStatus.FAILED, error=error), steps)

    assert [(line.at, line.word, line.text) for line in lines] == [
        (1_000, "queued", "by t/f"),
        (1_200, "started", "the app is called"),
        (1_300, "sleep", "nap"),
        (1_500, "completed", "nap"),
        (1_500, "started", "pay"),
        (1_900, "failed", "pay: Declined: no money"),
        (2_000, "failed", "the run: Declined: no money"),
    ]


def test_an_error_of_any_length_is_only_begun_in_the_log_and_in_its_name():
    long = json.dumps({"name": "N" * 1_000, "message": "M" * 4_000_000})

    lines = happened(run(status=RunStatus.FAILED, error=long), [step("pay", error=long, ended_at=1_900)])

    assert sum(len(line.text) for line in lines) < 1_000
    assert lines[-1].text.endswith("N …")
    assert len(fault(long, "/all").name) == 200


def test_attempts_that_failed_stand_before_the_last_one_with_the_waits_between():
    tried = step("pay", started_at=1_200, ended_at=2_000, attempts=2)

    _, lane = waterfall(run(), [tried], [attempt("pay")], 9_999).lanes

    assert lane.bars == (Bar("bad", 20, 10, 100), Bar("again", 30, 50, 500), Bar("good", 80, 20, 200))
    assert lane.story == "Completed: failed after 100 ms, waited 500 ms, ran 200 ms"


def test_a_wait_for_the_next_attempt_ends_with_its_run():
    again = step("pay", status=StepStatus.RETRYING, started_at=1_200, ended_at=None)

    _, lane = waterfall(run(status=RunStatus.CANCELLED, ended_at=1_500), [again], [attempt("pay")], 9_999).lanes

    assert lane.bars == (Bar("bad", 40, 20, 100), Bar("again", 60, 40, 200))


@pytest.mark.parametrize(
    ("status", "story"),
    [
        (RunStatus.CANCELLED, "Cancelled: waited 800 ms"),
        (RunStatus.COMPLETED, "Left undone: waited 800 ms"),
        (RunStatus.RUNNING, "Waiting: waited 300 ms"),
    ],
)
def test_a_step_that_its_run_has_left_undone_goes_on_no_more(status, story):
    waits = step("nod", op="WaitForEvent", status=StepStatus.WAITING, ended_at=None)
    ended = run(status=status, ended_at=None if status is RunStatus.RUNNING else 2_000)

    assert waterfall(ended, [waits], [], 1_500).lanes[1].story == story
    assert step_view(ended, waits, None, 1_500).status.word == story.partition(":")[0]


def test_a_step_that_waits_for_its_next_attempt_has_none_yet():
    again = step("pay", status=StepStatus.RETRYING, started_at=1_200, ended_at=None)

    chart = waterfall(run(status=RunStatus.RUNNING, ended_at=None), [again], [attempt("pay")], 1_500)

    assert [bar.tone for bar in chart.lanes[1].bars] == ["bad", "again"]


def test_the_log_says_which_attempts_failed_and_when_the_next_one_is():
    lines = happened(run(), [step("pay", started_at=1_200, ended_at=2_000)], [attempt("pay"), attempt("")])

    assert [(line.tone, line.text) for line in lines if line.word == "failed"] == [
        ("warn", "pay, attempt 1: Busy: later; again in 500 ms"),
        ("warn", "the function, attempt 1: Busy: later; again in 500 ms"),
    ]


def test_what_happens_in_the_same_millisecond_stands_in_the_order_in_which_it_did():
    at_once = run(started_at=1_000, ended_at=1_000)

    lines = happened(at_once, [step("pay", queued_at=1_000, started_at=1_000, ended_at=1_000)])

    assert [(line.word, line.text) for line in lines] == [
        ("queued", "by t/f"),
        ("started", "the app is called"),
        ("started", "pay"),
        ("completed", "pay"),
        ("completed", "the run"),
    ]
