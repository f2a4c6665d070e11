"""What a run puts off starts when it has ended, and never harms it."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.happenings import CancelRequested, Checkpointed
from inngest_py.dev.model import Defer, RunStatus
from inngest_py.dev.notices import DeferRefused
from inngest_py.dev.reply import read_ops
from inngest_py.dev.rules import Rules


def add(kit, name, slug="later", given=None):
    return kit.op("DeferAdd", name, opts={"fn_slug": slug, "input": {"n": name} if given is None else given})


def abort(kit, name, of):
    return kit.op("DeferAbort", name, opts={"target_hashed_id": kit.hashed(of)})


@pytest.fixture
def deferring(world, kit):
    """A world with a function that is deferred, and a way to add one that defers it and then does a step."""

    def make(*ops, last=None):
        def reply(call):
            if call.has("a"):
                return last or kit.done("end")
            return kit.ops(*ops, kit.op("StepRun", "a", data=1))

        world.function("main", reply)
        world.function(
            "later",
            lambda call: kit.done(call.data),
            triggers=[{"event": "inngest/deferred.schedule", "expression": "event.data._inngest.fn_slug == 'later'"}],
        )
        return world

    return make


def started(world):
    """The inputs of the deferred runs."""
    return [
        {key: value for key, value in json.loads(run.output).items() if key != "_inngest"}
        for run in world.runs("later")
    ]


def test_what_was_put_off_runs_once_the_run_has_ended(deferring, kit):
    world = deferring(add(kit, "one"), add(kit, "two"), add(kit, "one", given={"other": 1}))
    world.send("t/main")
    world.settle()
    main = world.only("main")

    assert started(world) == [{"n": "one"}, {"n": "two"}]
    assert json.loads(world.runs("later")[0].output)["_inngest"]["parent_run_id"] == main.id
    assert not [record for record in world.simulation.store.load() if isinstance(record, Defer)]


def test_the_app_is_told_what_is_put_off_and_can_abort_it(deferring, kit):
    world = deferring(add(kit, "one"), add(kit, "two"), abort(kit, "stop", of="two"), abort(kit, "odd", of="nobody"))
    world.send("t/main")
    world.run()

    assert started(world) == [{"n": "one"}]
    assert world.calls[1].body["defers"] == {
        kit.hashed("one"): {"abortable": True},
        kit.hashed("two"): {"abortable": False},
    }


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_it_runs_however_the_run_ended(deferring, kit, end):
    last = kit.failure(x_inngest_no_retry="true") if end == "fail" else kit.ops(kit.op("Sleep", "s", name="1h"))
    world = deferring(add(kit, "one"), last=last)
    world.send("t/main")
    world.settle()
    if end == "cancel":
        world.simulation.happen(CancelRequested(world.only("main").id))
        world.settle()

    assert world.only("main").status in {RunStatus.FAILED, RunStatus.CANCELLED}
    assert started(world) == [{"n": "one"}]


def test_it_survives_a_restart(deferring, kit):
    world = deferring(add(kit, "one"), abort(kit, "stop", of="two"), add(kit, "two"))
    world.send("t/main")
    (call,) = world.simulation.calls
    world.simulation.answer(call, kit.ops(add(kit, "one"), kit.op("Sleep", "a", name="1h")))

    world.simulation.restart()
    world.run()

    assert started(world) == [{"n": "one"}]


def test_it_can_be_saved_with_a_checkpoint(deferring, kit):
    world = deferring()
    world.send("t/main")
    run_id = world.only("main").id

    saved = read_ops([add(kit, "one"), add(kit, "two"), abort(kit, "stop", of="one")])
    assert world.simulation.happen(Checkpointed(run_id, "", saved)) == ""
    world.run()

    assert started(world) == [{"n": "two"}]


@pytest.mark.parametrize(
    ("op", "why"),
    [
        ({"fn_slug": "", "input": {}}, '"" cannot be deferred: it needs an fn_slug'),
        ({"fn_slug": "later", "input": "text"}, "an input that is an object"),
        ({"fn_slug": "later", "input": {"x": "x" * (4 << 20)}}, "all inputs of a run can have 4194304 bytes"),
    ],
    ids=["no function", "no object", "too large"],
)
def test_what_cannot_be_put_off_is_told_and_the_run_goes_on(deferring, kit, op, why):
    world = deferring(kit.op("DeferAdd", "bad", opts=op), add(kit, "one"))
    world.send("t/main")
    world.run()

    (told,) = world.simulation.told(DeferRefused)
    assert why in told.reason
    assert world.only("main").status is RunStatus.COMPLETED
    assert started(world) == [{"n": "one"}]


def test_a_run_can_put_off_twenty_functions(deferring, kit):
    world = deferring(*(add(kit, str(number)) for number in range(21)))
    world.send("t/main")
    world.run()

    assert [it.reason for it in world.simulation.told(DeferRefused)] == [
        '"later" cannot be deferred: a run can defer 20 functions'
    ]
    assert len(started(world)) == 20


def test_putting_off_is_progress(world, kit):
    world = world.make(Rules(max_stalls=2))

    def reply(call):
        count = len(call.body["defers"])
        return kit.done(count) if count == 5 else kit.ops(add(kit, str(count)))

    world.function("main", reply)
    world.send("t/main")
    world.run()

    assert world.output("main") == 5
