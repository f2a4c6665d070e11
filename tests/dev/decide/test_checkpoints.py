"""What an app saves while its function goes on."""

from __future__ import annotations

import pytest

from inngest_py.dev.happenings import Checkpointed
from inngest_py.dev.model import RunStatus
from inngest_py.dev.reply import ReplyOp
from inngest_py.dev.rules import Rules
from inngest_py.wire.ops import Opcode


def test_a_second_attempt_that_saves_more_than_a_run_may_hold_ends_it(world, kit):
    world = world.make(Rules(retry_interval=1000, max_state=50))
    world.function("f", lambda _: kit.failure())
    world.send("t/f")
    world.settle()
    world.simulation.advance(1000)
    (call,) = world.simulation.calls
    large = ReplyOp(code=Opcode.STEP_RUN, id=kit.hashed("a"), name="a", data=f'"{"x" * 60}"')

    saved = world.simulation.happen(Checkpointed(world.only("f").id, call.job_id, (large,)))

    assert saved == ""
    assert world.only("f").status is RunStatus.FAILED


@pytest.mark.parametrize(("length", "status"), [(39, RunStatus.RUNNING), (40, RunStatus.FAILED)])
def test_a_run_may_hold_just_as_much_as_it_may(world, kit, length, status):
    world = world.make(Rules(max_state=50))
    world.function("f", lambda _: kit.done())
    world.send("t/f")
    (call,) = world.simulation.calls
    data = "x" * length  # in `{"data":"…"}`
    step = ReplyOp(code=Opcode.STEP_RUN, id=kit.hashed("a"), name="a", data=f'"{data}"')

    world.simulation.happen(Checkpointed(world.only("f").id, call.job_id, (step,)))

    assert world.only("f").status is status
