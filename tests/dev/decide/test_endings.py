"""What is left of a run when it has ended."""

from __future__ import annotations

from inngest_py.dev.happenings import CancelRequested
from inngest_py.dev.model import StepStatus


def test_the_steps_that_were_open_when_a_run_ends_have_ended_too(world, kit):
    def reply(call):
        if call.target == kit.hashed("broken"):
            return kit.ops(kit.op("StepError", "broken", error={"name": "ValueError", "message": "boom"}))
        return kit.ops(
            kit.op("StepPlanned", "broken"), kit.op("Sleep", "nap", name="1h"), kit.op("StepPlanned", "last")
        )

    world.function("f", reply, concurrency=1)
    world.send("t/f")
    for _ in range(2):
        call = world.simulation.calls.popleft()
        world.simulation.answer(call, reply(kit.call(call.headers["X-Inngest-Step-Id"], {}, {})))
    world.simulation.advance(500)
    (run,) = world.runs("f")

    world.simulation.happen(CancelRequested(run.id))

    steps = {step.name: step for step in world.simulation.steps(run.id)}
    assert {name: step.status for name, step in steps.items()} == {
        "broken": StepStatus.FAILED,
        "nap": StepStatus.SLEEPING,
        "last": StepStatus.RUNNING,
    }
    assert {step.ended_at for step in steps.values()} == {world.simulation.now}
