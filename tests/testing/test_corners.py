"""What is easily forgotten: large states, batches, several runs at a time, apps in odd places."""

from __future__ import annotations

import asyncio
import gc
import weakref
from datetime import timedelta

import pytest

import inngest_py as inngest
from inngest_py import testing
from inngest_py.testing.stage import Stage

GO = inngest.TriggerEvent(event="go")


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="shop")


def double(value: object) -> object:
    return value


def test_a_state_that_is_too_large_for_a_call_is_fetched(client):
    @client.create_function(fn_id="large", trigger=GO)
    async def large(ctx: inngest.Context) -> int:
        parts = [await ctx.step.run(f"part-{number}", lambda: "x" * 1_500_000) for number in range(4)]
        await ctx.step.sleep("nap", "1h")
        return sum(map(len, parts))

    assert testing.run(large).output == 6_000_000


def test_a_batch_with_steps_is_replayed(client):
    batch = inngest.Batch(max_size=3, timeout=timedelta(minutes=1))

    @client.create_function(fn_id="batch", trigger=GO, batch_events=batch)
    def sums(ctx: inngest.ContextSync) -> object:
        return ctx.step.run("add", double, sum(event.data["n"] for event in ctx.events))

    run = testing.run(sums, [inngest.Event(name="go", data={"n": n}) for n in (1, 2, 3)])

    assert run.output == 6
    assert len(run.events) == 3


def test_an_invoked_function_with_steps_is_replayed(client):
    @client.create_function(fn_id="child", trigger=[])
    async def child(ctx: inngest.Context) -> object:
        return await ctx.step.run("work", double, ctx.event.data["n"])

    @client.create_function(fn_id="parent", trigger=inngest.TriggerCron(cron="0 9 * * *"))
    def parent(ctx: inngest.ContextSync) -> object:
        return ctx.step.invoke("ask", function=child, data={"n": 7})

    assert testing.run(parent).output == 7


def test_runs_may_be_awaited_at_the_same_time(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> object:
        ctx.logger.info("run %s", ctx.event.data["n"])
        await ctx.step.send_event("tell", inngest.Event(name="told", data=ctx.event.data))
        return await ctx.step.run("work", double, ctx.event.data["n"])

    async def test() -> list[testing.Run]:
        return await asyncio.gather(*(testing.arun(fine, inngest.Event(name="go", data={"n": n})) for n in range(10)))

    runs = asyncio.run(test())

    assert [run.output for run in runs] == [*range(10)]
    assert [[line.message for line in run.logs] for run in runs] == [[f"run {n}"] for n in range(10)]
    assert [run.events_sent[0].data["n"] for run in runs] == [*range(10)]


def test_events_that_the_client_itself_sends_stay_in_the_test(client, monkeypatch):
    monkeypatch.setenv("INNGEST_DEV", "1")
    client = inngest.Inngest(app_id="shop")

    @client.create_function(fn_id="sends", trigger=GO)
    def sends(ctx: inngest.ContextSync) -> list[str]:
        return ctx.step.run("send", client.send_sync, inngest.Event(name="told", data={"n": 1}))

    run = testing.run(sends)

    assert run.status == "Completed"
    assert [event.name for event in run.events_sent] == ["told"]


def test_a_signal_is_sent_from_one_function_to_another(client):
    @client.create_function(fn_id="waits", trigger=GO)
    async def waits(ctx: inngest.Context) -> object:
        signal = await ctx.step.wait_for_signal("wait", signal="ready", timeout="1d")
        return None if signal is None else signal.data

    @client.create_function(fn_id="sends", trigger=inngest.TriggerEvent(event="later"))
    async def sends(ctx: inngest.Context) -> str | None:
        return await ctx.step.send_signal("tell", signal="ready", data=5)

    engine = testing.Engine(client)
    engine.send(inngest.Event(name="go"))
    engine.advance("1h")
    engine.send(inngest.Event(name="later"))
    engine.run_until_idle()

    assert [run.output for run in engine.runs] == [5, engine.runs[0].id]


def test_a_step_whose_id_is_computed_may_have_a_stub(client):
    @client.create_function(fn_id="fine", trigger=GO)
    def fine(ctx: inngest.ContextSync) -> list[object]:
        return [ctx.step.run(f"work-{number}", double, number) for number in range(3)]

    assert testing.run(fine, steps={"work-1": "stub"}).output == [0, "stub", 2]


def test_steps_that_are_named_alike_are_numbered(client):
    @client.create_function(fn_id="fine", trigger=GO)
    def fine(ctx: inngest.ContextSync) -> None:
        for number in range(3):
            ctx.step.run("work", double, number)

    run = testing.run(fine)

    assert {step_id: step.input for step_id, step in run.steps.items()} == {"work": [0], "work:1": [1], "work:2": [2]}


def test_the_middleware_of_a_function_applies(client):
    class Doubles(inngest.Middleware):
        def transform_output(self, result):
            if result.step is not None and result.error is None:
                result.output = result.output * 2

    @client.create_function(fn_id="fine", trigger=GO, middleware=[Doubles])
    def fine(ctx: inngest.ContextSync) -> object:
        return ctx.step.run("work", double, 4)

    assert testing.run(fine).output == 8


def test_nothing_of_a_test_is_left(client):
    @client.create_function(fn_id="fine", trigger=GO)
    def fine(ctx: inngest.ContextSync) -> None:
        ctx.step.run("work", double, 1)

    stages = []

    class Seen(Stage):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            stages.append(weakref.ref(self))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inngest_py.testing.running.Stage", Seen)
        testing.run(fine)
    gc.collect()

    assert [stage() for stage in stages] == [None]


def test_a_run_is_replayed_once_however_often_time_passes_after_it(client):
    executions = []

    @client.create_function(fn_id="counted", trigger=GO)
    def counted(ctx: inngest.ContextSync) -> None:
        executions.append(ctx.run_id)
        ctx.step.run("work", double, 1)

    engine = testing.Engine(client)
    engine.send(inngest.Event(name="go"))
    engine.run_until_idle()
    before = len(executions)

    engine.advance("1d")
    engine.run_until_idle()

    assert len(executions) == before > 1
