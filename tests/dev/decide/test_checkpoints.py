"""What an app saves while its function goes on."""

from __future__ import annotations

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
