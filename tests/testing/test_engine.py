"""Several functions together in virtual time."""

from __future__ import annotations

import asyncio
import unittest
from datetime import UTC, datetime, timedelta

import pytest

import inngest_py as inngest
from inngest_py import testing

PLACED = inngest.TriggerEvent(event="order/placed")


def placed(**data: object) -> inngest.Event:
    return inngest.Event(name="order/placed", data=data)


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="shop")


def test_one_function_starts_another(client):
    @client.create_function(fn_id="first", trigger=PLACED)
    async def first(ctx: inngest.Context) -> None:
        await ctx.step.send_event("pass-on", inngest.Event(name="order/passed", data={"n": 1}))

    @client.create_function(fn_id="second", trigger=inngest.TriggerEvent(event="order/passed"))
    def second(ctx: inngest.ContextSync) -> object:
        return ctx.event.data["n"]

    engine = testing.Engine(client)
    engine.send(placed())
    engine.run_until_idle()

    assert [(run.function, run.output) for run in engine.runs] == [("shop-first", None), ("shop-second", 1)]


def test_nothing_happens_before_time_is_let_pass(client):
    @client.create_function(fn_id="first", trigger=PLACED)
    async def first(ctx: inngest.Context) -> None:
        pass

    engine = testing.Engine(client)
    engine.send(placed())

    assert [run.calls for run in engine.runs] == [0]


def test_time_passes_as_far_as_it_is_let(client):
    @client.create_function(fn_id="sleeps", trigger=PLACED)
    async def sleeps(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", "2d")
        return "awake"

    engine = testing.Engine(client)
    engine.send(placed())

    engine.advance("1d")
    assert [run.status for run in engine.runs_of(sleeps)] == ["Running"]
    assert engine.runs[0].steps["nap"].status == "Sleeping"
    with pytest.raises(inngest.UsageError, match="has not ended, it is Running"):
        assert engine.runs[0].duration
    with pytest.raises(inngest.UsageError, match="has no result, it is Running"):
        engine.runs[0].result()

    engine.advance("1d")
    assert [run.output for run in engine.runs_of(sleeps)] == ["awake"]
    assert engine.now == testing.START + timedelta(days=2)


def test_a_schedule_fires_as_time_passes(client):
    @client.create_function(fn_id="digest", trigger=inngest.TriggerCron(cron="0 9 * * *"))
    async def digest(ctx: inngest.Context) -> None:
        pass

    engine = testing.Engine(client, start=datetime(2026, 3, 1, tzinfo=UTC))
    engine.advance("3d")

    assert [run.started_at for run in engine.runs] == [datetime(2026, 3, day, 9, tzinfo=UTC) for day in (1, 2, 3)]


def test_being_idle_does_not_wait_for_schedules(client):
    @client.create_function(fn_id="digest", trigger=inngest.TriggerCron(cron="0 9 * * *"))
    async def digest(ctx: inngest.Context) -> None:
        pass

    engine = testing.Engine(client)
    engine.run_until_idle()

    assert engine.now == testing.START
    assert engine.runs == []


def test_a_debounce_runs_once_for_the_last_event(client):
    @client.create_function(
        fn_id="index", trigger=PLACED, debounce=inngest.Debounce(period=timedelta(minutes=5), key="event.data.id")
    )
    def index(ctx: inngest.ContextSync) -> object:
        return ctx.event.data["n"]

    engine = testing.Engine(client)
    for n in range(4):
        engine.send(placed(id="a", n=n))
        engine.advance("1m")
    engine.run_until_idle()

    assert [run.output for run in engine.runs] == [3]


def test_a_singleton_and_an_idempotency_key_hold(client):
    @client.create_function(fn_id="once", trigger=PLACED, idempotency="event.data.id")
    async def once(ctx: inngest.Context) -> None:
        pass

    engine = testing.Engine(client)
    engine.send(placed(id="a"), placed(id="a"), placed(id="b"))
    engine.run_until_idle()

    assert len(engine.runs) == 2


def test_concurrency_holds_runs_back(client):
    working: list[int] = []

    @client.create_function(fn_id="work", trigger=PLACED, concurrency=inngest.Concurrency(limit=1))
    async def work(ctx: inngest.Context) -> None:
        await ctx.step.run("begin", working.append, int(ctx.event.data["n"]))
        await ctx.step.run("end", working.append, -int(ctx.event.data["n"]))

    engine = testing.Engine(client)
    engine.send(placed(n=1), placed(n=2))
    engine.run_until_idle()

    assert sorted(working) == [-2, -1, 1, 2]


def test_an_event_cancels_a_run(client):
    cancel = inngest.Cancel(event="order/canceled", if_exp="event.data.id == async.data.id")

    @client.create_function(fn_id="waits", trigger=PLACED, cancel=cancel)
    async def waits(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", "30d")

    engine = testing.Engine(client)
    engine.send(placed(id="a"), placed(id="b"))
    engine.advance("1d")
    engine.send(inngest.Event(name="order/canceled", data={"id": "a"}))
    engine.run_until_idle()

    assert [run.status for run in engine.runs] == ["Cancelled", "Completed"]


def test_a_fan_out_is_waited_for(client):
    @client.create_function(fn_id="child", trigger=[])
    def child(ctx: inngest.ContextSync) -> int:
        ctx.step.sleep("nap", f"{ctx.event.data['n']}h")
        return ctx.event.data["n"]

    @client.create_function(fn_id="parent", trigger=PLACED)
    async def parent(ctx: inngest.Context) -> list[int]:
        calls = [ctx.step.invoke(f"ask-{n}", function=child, data={"n": n}) for n in range(1, 6)]
        return await asyncio.gather(*calls)

    engine = testing.Engine(client)
    engine.send(placed())
    engine.run_until_idle()

    assert engine.runs_of(parent)[0].output == [1, 2, 3, 4, 5]
    assert engine.now == testing.START + timedelta(hours=5)


def test_apps_invoke_each_other(client):
    risk = inngest.Inngest(app_id="risk")

    @risk.create_function(fn_id="score", trigger=[])
    def score(ctx: inngest.ContextSync) -> int:
        return 42

    @client.create_function(fn_id="parent", trigger=PLACED)
    async def parent(ctx: inngest.Context) -> int:
        return await ctx.step.invoke("ask", function=score)

    engine = testing.Engine([client, risk])
    engine.send(placed())
    engine.run_until_idle()

    assert engine.runs_of(parent)[0].output == 42


def test_stubs_are_of_one_function_or_of_all(client):
    def work() -> str:
        raise AssertionError

    @client.create_function(fn_id="one", trigger=PLACED)
    async def one(ctx: inngest.Context) -> str:
        return await ctx.step.run("work", work)

    @client.create_function(fn_id="other", trigger=PLACED)
    def other(ctx: inngest.ContextSync) -> str:
        return ctx.step.run("work", work)

    engine = testing.Engine(client, steps={"work": "all"})
    engine.stub("work", "one", function=one)
    engine.send(placed())
    engine.run_until_idle()

    assert {run.function: run.output for run in engine.runs} == {"shop-one": "one", "shop-other": "all"}


def test_a_stub_of_a_step_that_there_is_not_is_refused(client):
    @client.create_function(fn_id="one", trigger=PLACED)
    async def one(ctx: inngest.Context) -> str:
        return await ctx.step.run("charge-payment", str)

    engine = testing.Engine(client, steps={"charge-paymnt": "x"})
    engine.send(placed())

    with pytest.raises(inngest.UsageError, match="did you mean 'charge-payment'"):
        engine.run_until_idle()


def test_what_comes_later_is_fed(client):
    @client.create_function(fn_id="waits", trigger=PLACED)
    async def waits(ctx: inngest.Context) -> bool:
        return await ctx.step.wait_for_event("wait", event="order/paid", timeout="30d") is not None

    engine = testing.Engine(client)
    engine.send(placed())
    engine.feed(testing.event("order/paid", after="3d"))
    engine.run_until_idle()

    assert engine.runs[0].output is True
    assert engine.now == testing.START + timedelta(days=3)


def test_a_function_that_starts_itself_is_found_out(client):
    @client.create_function(fn_id="circle", trigger=PLACED)
    def circle(ctx: inngest.ContextSync) -> None:
        ctx.step.send_event("again", placed())

    engine = testing.Engine(client, max_calls=50)
    engine.send(placed())

    with pytest.raises(inngest.UsageError, match=r"50 calls were made and .* the last one of shop-circle"):
        engine.run_until_idle()


def test_the_replay_check_speaks_for_every_run(client):
    seen = []

    @client.create_function(fn_id="bug", trigger=PLACED)
    def bug(ctx: inngest.ContextSync) -> None:
        seen.append(1)
        ctx.step.run(f"work-{len(seen)}", str)

    engine = testing.Engine(client)
    engine.send(placed())

    with pytest.raises(inngest.DivergenceError, match="shop-bug"):
        engine.run_until_idle()


def test_two_apps_of_one_name_are_refused(client):
    with pytest.raises(inngest.UsageError, match='two clients have the app_id "shop"'):
        testing.Engine([client, inngest.Inngest(app_id="shop")])


def test_only_events_are_sent(client):
    with pytest.raises(inngest.UsageError, match=r"takes Events, not 'order/placed'"):
        testing.Engine(client).send("order/placed")  # type: ignore[arg-type]


class InUnittest(unittest.IsolatedAsyncioTestCase):
    """The same in a test case of the standard library, in a running loop."""

    async def test_an_engine_in_a_coroutine(self) -> None:
        client = inngest.Inngest(app_id="shop")

        @client.create_function(fn_id="sleeps", trigger=PLACED)
        async def sleeps(ctx: inngest.Context) -> str:
            await ctx.step.sleep("nap", "2d")
            return await ctx.step.run("look", lambda: "awake")

        engine = testing.Engine(client)
        engine.send(placed())
        await engine.aadvance("1d")
        await engine.arun_until_idle()

        assert [run.output for run in engine.runs] == ["awake"]
