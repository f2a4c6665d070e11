"""Whatever happens when, nothing that was acknowledged is lost, and no stored step runs again."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import fields

import pytest

from inngest_py.dev.decisions import Put
from inngest_py.dev.model import RunStatus
from inngest_py.dev.reply import unreachable
from inngest_py.dev.rules import Rules
from inngest_py.dev.simulation import Simulation
from inngest_py.dev.state import State
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.wire.http import Request


class Program:
    """An app with one function that does a bit of everything, and counts how often each step is executed."""

    def __init__(self, kit):
        self.kit = kit
        self.executed: Counter[tuple[str, str]] = Counter()

    def register(self, simulation):
        kit = self.kit
        simulation.register(
            kit.registration(
                kit.config("main", retries=20, concurrency=3),
                kit.config("child", retries=20, concurrency={"limit": 2, "key": "'x'"}),
            )
        )

    def __call__(self, request):
        body = json.loads(request.body)
        run, target, steps = body["ctx"]["run_id"], request.query["stepId"], body["steps"]
        if request.query["fnId"] == "child":
            return self.kit.done("child")
        return self.main(run, target, steps, planned=body["ctx"]["disable_immediate_execution"])

    def main(self, run, target, steps, *, planned):
        op, ops, hashed = self.kit.op, self.kit.ops, self.kit.hashed
        if target != "step":
            name = next(name for name in ("p", "q", "a", "z") if hashed(name) == target)
            return ops(self.execute(run, name, steps))
        if hashed("a") not in steps:
            return ops(op("StepPlanned", "a") if planned else self.execute(run, "a", steps))
        together = [op("StepPlanned", "p"), op("StepPlanned", "q"), op("Sleep", "s", name="10s")]
        missing = [one for one in together if one["id"] not in steps]
        if missing:
            return ops(*missing)
        if hashed("i") not in steps:
            opts = {"function_id": "child", "payload": {"data": {}}}
            return ops(op("InvokeFunction", "i", opts=opts))
        if hashed("w") not in steps:
            return ops(op("WaitForEvent", "w", name="t/never", opts={"timeout": "30s"}))
        if hashed("z") not in steps:
            return ops(op("StepPlanned", "z") if planned else self.execute(run, "z", steps))
        return self.kit.done("ok")

    def execute(self, run, name, steps):
        assert self.kit.hashed(name) not in steps, "a stored step was asked for again"
        self.executed[run, name] += 1
        return self.kit.op("StepRun", name, data=name)


def same(one: State, other: State) -> None:
    """Two states know the same."""
    assert one.functions == other.functions
    assert one.jobs == other.jobs
    assert one.pauses == other.pauses
    assert one.claims == other.claims
    assert one.live.keys() == other.live.keys()
    for run_id, live in one.live.items():
        twin = other.live[run_id]
        for name in ("run", "events", "steps", "memos", "parts", "groups", "size", "by_step"):
            assert getattr(live, name) == getattr(twin, name), name


def reloaded(simulation):
    state = State(Rules())
    for record in simulation.store.load():
        state.apply(Put(record))
    return state


@pytest.mark.parametrize("seed", range(60))
def test_random_courses_of_events_all_end_well(kit, seed):
    chance = random.Random(seed)
    simulation = Simulation(seed=str(seed).encode(), rules=Rules(retry_interval=1000))
    program = Program(kit)
    program.register(simulation)
    sent = simulation.send(*({"name": "t/main"} for _ in range(4)))

    for _ in range(2000):
        if not simulation.state.live:
            break
        match chance.randrange(12):
            case 0:
                simulation.restart()
            case 1 if simulation.calls:
                simulation.reply(chance.choice(simulation.calls), unreachable("chance"))
            case 2 if simulation.calls:
                call = chance.choice(simulation.calls)
                response = program(Request.of("POST", call.url, call.headers.items(), call.body))
                simulation.answer(call, response)
                simulation.answer(call, response)
            case _ if simulation.calls:
                call = chance.choice(simulation.calls)
                simulation.answer(call, program(Request.of("POST", call.url, call.headers.items(), call.body)))
            case _:
                simulation.advance()
        if chance.random() < 0.05:
            same(simulation.state, reloaded(simulation))

    runs = simulation.runs("main")
    assert len(runs) == len(sent)
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert set(program.executed.values()) == {1}, "each reply reached the server, so each step ran once"
    assert not simulation.state.jobs
    assert not simulation.state.pauses
    assert simulation.state.queue.used("fn:main") == 0


def test_a_crash_right_after_each_step_loses_nothing(world, kit):
    world.function("serial", kit.serial("a", "b", "c"))
    world.send("t/serial")

    while world.simulation.state.live:
        world.simulation.restart()
        (call,) = world.simulation.calls
        world.simulation.answer(call, world.app(Request.of("POST", call.url, call.headers.items(), call.body)))

    assert world.output("serial") == ["a", "b", "c"]
    assert len(world.calls) == 4


def test_a_timer_that_was_due_meanwhile_fires_late_and_not_never(world, kit):
    world.function("nap", lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="1h")))
    world.send("t/nap")
    world.settle()

    world.simulation.now += 5 * 3_600_000
    world.simulation.restart()
    world.run()

    assert world.only("nap").status is RunStatus.COMPLETED


def test_a_database_goes_on_in_another_process(kit, tmp_path):
    path = tmp_path / "deep" / "dev.db"
    first = Simulation(store=SQLiteStore(path))
    first.register(kit.registration(kit.config("f")))
    first.send({"name": "t/f"})
    first.store.close()

    second = Simulation(store=SQLiteStore(path))
    second.run(lambda _: kit.done("second"))

    assert [run.output for run in second.runs()] == ['"second"']
    second.store.close()


def test_sleeping_runs_cost_nothing(world, kit):
    world.function("nap", lambda call: kit.done() if call.steps else kit.ops(kit.op("Sleep", "s", name="1h")))
    for _ in range(50):
        world.send("t/nap")
    world.settle()

    assert world.simulation.state.next_due() == world.simulation.now + 3_600_000
    assert len(world.simulation.state.timers) == 50 + 0


def test_every_field_of_a_record_is_stored(world, kit):
    world.function("f", kit.serial("a"), concurrency=[{"limit": 2}, {"limit": 1, "key": "event.data.k"}])
    world.send("t/f", {"k": 1}, id="mine", v="3", user={"id": 1})
    (live,) = world.simulation.state.live.values()

    same(world.simulation.state, reloaded(world.simulation))

    assert len(live.run.slots) == 2
    assert live.events[0].v == "3"
    assert {field.name for field in fields(live.run)} >= {"slots", "correlation"}
