"""Many runs are cancelled together: those that fit, now and as long as it is in force."""

from __future__ import annotations

import pytest

from inngest_py.dev.duration import DAY, HOUR
from inngest_py.dev.happenings import BulkCancelRequested, CancellationRemoved, CancelRequested
from inngest_py.dev.model import Cancellation, RunStatus
from inngest_py.dev.simulation import START

LATER = START + DAY


@pytest.fixture
def sleepers(world, kit):
    """A world in which runs of two functions sleep, one more each minute."""
    for name in ("nap", "rest"):
        world.function(name, lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="12h")))
    for number in range(4):
        world.simulation.send(*({"name": f"t/{name}", "data": {"n": number}} for name in ("nap", "rest")))
        world.settle()
        world.simulation.advance(60_000)
    return world


def cancel(world, **fields):
    made = world.simulation.now
    given = {"id": f"c{made}", "function": "nap", "app_id": "app", "started_before": LATER, "created_at": made}
    fitting = world.simulation.happen(BulkCancelRequested(Cancellation(**{**given, **fields})))
    return sum(world.simulation.happen(CancelRequested(run_id)) for run_id in fitting)


def cancelled(world, name="nap"):
    """The numbers of the runs of a function that are cancelled."""
    return [number for number, run in enumerate(world.runs(name)) if run.status is RunStatus.CANCELLED]


def test_all_runs_of_one_function_are_cancelled(sleepers):
    assert cancel(sleepers) == 4
    assert cancelled(sleepers) == [0, 1, 2, 3]
    assert cancelled(sleepers, "rest") == []


def test_only_runs_between_two_times_are_cancelled_and_both_are_exclusive(sleepers):
    cancel(sleepers, started_after=START, started_before=START + 120_000)

    assert cancelled(sleepers) == [1]


def test_only_runs_whose_event_fits_are_cancelled(sleepers):
    assert cancel(sleepers, expression="event.data.n >= 2 && event.data.n < 4.0") == 2

    assert cancelled(sleepers) == [2, 3]


def test_it_applies_to_new_runs_until_its_time_is_over(sleepers):
    cancel(sleepers, started_before=sleepers.simulation.now + HOUR)
    sleepers.send("t/nap")
    sleepers.simulation.restart()
    sleepers.simulation.advance(HOUR - 1)
    sleepers.send("t/nap")
    sleepers.simulation.advance(1)
    sleepers.send("t/nap")

    assert cancelled(sleepers) == [0, 1, 2, 3, 4, 5]
    assert len(sleepers.runs("nap")) == 7


def test_one_that_was_removed_applies_no_more(sleepers):
    cancel(sleepers, id="c")

    assert sleepers.simulation.happen(CancellationRemoved("c")) is True
    assert sleepers.simulation.happen(CancellationRemoved("c")) is False
    sleepers.send("t/nap")

    assert cancelled(sleepers) == [0, 1, 2, 3]


def test_what_a_crash_left_is_cancelled_after_the_restart(sleepers):
    made = sleepers.simulation.now
    cancellation = Cancellation(id="c", function="nap", app_id="app", started_before=made, created_at=made)
    sleepers.simulation.happen(BulkCancelRequested(cancellation))
    before = cancelled(sleepers)

    sleepers.simulation.restart()

    assert (before, cancelled(sleepers)) == ([], [0, 1, 2, 3])


def test_whoever_invoked_a_run_that_is_cancelled_at_once_is_told(sleepers, kit):
    def parent(call):
        if call.steps:
            return kit.done(call.memo("i")["error"]["message"])
        return kit.ops(kit.op("InvokeFunction", "i", opts={"function_id": "nap", "payload": {"data": {}}}))

    sleepers.function("parent", parent)
    cancel(sleepers)
    sleepers.send("t/parent")
    sleepers.run()

    assert sleepers.output("parent") == "the invoked function was cancelled"


def test_it_is_forgotten_after_a_day_and_not_before_it_is_over(sleepers):
    cancel(sleepers, id="past", started_before=START)
    cancel(sleepers, id="future", started_before=sleepers.simulation.now + 2 * DAY)

    sleepers.simulation.advance(DAY - 1)
    sleepers.simulation.restart()
    known = [set(sleepers.simulation.state.cancellations)]
    for wait in (1, DAY):
        sleepers.simulation.advance(wait)
        known.append(set(sleepers.simulation.state.cancellations))

    assert known == [{"past", "future"}, {"future"}, set()]
    assert not [record for record in sleepers.simulation.store.load() if isinstance(record, Cancellation)]
