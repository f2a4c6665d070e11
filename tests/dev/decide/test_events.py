"""What an event starts, and what it does not start a second time."""

from __future__ import annotations

import pytest

from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import RunSkipped
from inngest_py.dev.simulation import START

DEBOUNCE = {"debounce": {"period": "10s"}}
BATCH = {"batchEvents": {"maxSize": 2, "timeout": "10s"}}


def told(world):
    return [notice.reason for notice in world.simulation.told(RunSkipped)]


@pytest.mark.parametrize("rule", [{}, DEBOUNCE, BATCH], ids=["no rule", "debounce", "batch"])
def test_a_function_that_invocations_start_is_started_once_by_its_own(world, kit, rule):
    def parent(call):
        if call.has("i"):
            return kit.done(call.memo("i"))
        return kit.ops(kit.op("InvokeFunction", "i", opts={"function_id": "child"}))

    world.function("parent", parent)
    world.function("logger", lambda _: kit.done(), "inngest/function.invoked")
    world.function("child", lambda call: kit.done(len(call.body["events"])), "inngest/function.invoked", **rule)

    world.send("t/parent")
    world.run()

    assert world.output("parent") == {"data": 1}
    assert (len(world.runs("child")), len(world.runs("logger"))) == (1, 1)


@pytest.mark.parametrize("event", ["inngest/function.cancelled", "inngest/*"])
def test_a_function_that_cancellations_start_and_cancel_comes_to_an_end(world, kit, event):
    triggers = [{"event": "t/f"}, {"event": event}]
    world.function("f", lambda _: kit.done(), triggers=triggers, singleton={"mode": "cancel"})

    for _ in range(2):
        world.send("t/f")
    world.run()

    runs = world.runs("f")
    assert all(run.status is RunStatus.CANCELLED for run in runs[:-1])
    assert runs[-1].status is RunStatus.COMPLETED


def test_what_the_event_of_a_batch_or_a_debounce_comes_to_is_told_if_that_is_nothing(world, kit):
    world.function("batched", lambda _: kit.done(), "t/x", **BATCH)
    world.function("debounced", lambda _: kit.done(), "t/x", **DEBOUNCE)

    world.send("t/x", id="one")
    world.send("t/x", id="one")
    world.send("t/x", id="two", ts=START - 5000)

    replaced = "debounced: a newer event took its place"
    assert told(world) == ["a duplicate", replaced, replaced]
