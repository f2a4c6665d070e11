"""One function in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import BaseModel

import inngest_py as inngest
from inngest_py import testing


class Order(BaseModel):
    order_id: str


class Charge(BaseModel):
    id: str
    cents: int = 0


order_placed = inngest.EventType("order/placed", Order)


def never_called(*_args: object) -> Charge:
    raise AssertionError("a stubbed step called its own function")


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="shop")


@pytest.fixture
def process_order(client):
    @client.create_function(fn_id="process-order", trigger=order_placed)
    async def process_order(ctx: inngest.Context[Order]) -> dict[str, object]:
        charge = await ctx.step.run("charge-payment", never_called, ctx.event.data.order_id)
        assert isinstance(charge, Charge)
        await ctx.step.sleep("let-it-rest", "24h")
        approval = await ctx.step.wait_for_event("wait-for-approval", event="order/approved", timeout="7d")
        return {"charge": charge.id, "approved": approval is not None}

    return process_order


# Outcome -------------------------------------------------------------------------------------------------------------


def test_a_run_has_a_status_an_output_and_steps(process_order):
    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")})

    assert run.status == "Completed"
    assert run.output == {"charge": "c1", "approved": False}
    assert list(run.steps) == ["charge-payment", "let-it-rest", "wait-for-approval"]
    assert run.steps["charge-payment"].input == ["1"]
    assert run.steps["charge-payment"].output == {"id": "c1", "cents": 0}
    assert run.result() == run.output


def test_sleeps_and_timeouts_pass_in_virtual_time(process_order):
    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")})

    assert run.started_at == testing.START
    assert run.ended_at == testing.START + timedelta(days=8)
    assert run.duration == timedelta(days=8)
    assert run.steps["wait-for-approval"].status == "TimedOut"


def test_time_begins_when_the_test_says(process_order):
    start = datetime(2030, 5, 1, 9, tzinfo=UTC)

    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")}, start=start)

    assert run.started_at == start
    assert run.events[0].ts == start.timestamp() * 1000


def test_a_start_without_a_time_zone_is_refused(process_order):
    with pytest.raises(inngest.UsageError, match="time zone"):
        testing.run(process_order, start=datetime(2030, 5, 1))  # noqa: DTZ001


def test_a_failed_run_has_its_error(client):
    @client.create_function(fn_id="fails", trigger=order_placed, retries=0)
    async def fails(ctx: inngest.Context[Order]) -> None:
        raise inngest.NonRetriableError(f"no stock for {ctx.event.data.order_id}")

    run = testing.run(fails, order_placed(order_id="7"))

    assert run.status is testing.RunStatus.FAILED
    assert run.error is not None
    assert (run.error.name, run.error.message) == ("NonRetriableError", "no stock for 7")
    assert run.output is None
    with pytest.raises(inngest.StepError, match="no stock for 7"):
        run.result()


def test_a_plain_function_runs_in_the_thread_of_the_test(client):
    @client.create_function(fn_id="plain", trigger=order_placed)
    def plain(ctx: inngest.ContextSync[Order]) -> list[bool]:
        main = threading.main_thread()
        inside = ctx.step.run("look", lambda: threading.current_thread() is main)
        return [inside, threading.current_thread() is main]

    assert testing.run(plain, order_placed(order_id="1")).output == [True, True]


def test_no_thread_is_left_behind(client, monkeypatch):
    monkeypatch.delitem(sys.modules, "django.db", raising=False)  # with which plain code comes to this thread

    @client.create_function(fn_id="mixed", trigger=order_placed)
    async def mixed(ctx: inngest.Context[Order]) -> str:
        return await ctx.step.run("blocks-a-thread", lambda: threading.current_thread().name)

    before = threading.enumerate()
    run = testing.run(mixed, order_placed(order_id="1"))

    assert run.output != threading.current_thread().name
    assert [thread for thread in threading.enumerate() if thread not in before] == []


def test_an_async_step_of_a_plain_function_is_awaited(client):
    async def fetch() -> int:
        await asyncio.sleep(0)
        return 7

    @client.create_function(fn_id="plain", trigger=order_placed)
    def plain(ctx: inngest.ContextSync[Order]) -> int:
        return ctx.step.run("fetch", fetch)

    assert testing.run(plain, order_placed(order_id="1")).output == 7


def test_an_async_step_of_a_plain_function_is_awaited_on_the_loop_that_is_running(client):
    @client.create_function(fn_id="plain", trigger=order_placed)
    def plain(ctx: inngest.ContextSync[Order]) -> bool:
        return ctx.step.run("look", look)

    async def look() -> bool:
        return asyncio.get_running_loop() in loops

    async def test() -> testing.Run:
        loops.append(asyncio.get_running_loop())
        return await testing.arun(plain, order_placed(order_id="1"))

    loops = list[asyncio.AbstractEventLoop]()

    assert asyncio.run(test()).result() is True


async def _arun(function):
    return await testing.arun(function, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")})


def test_a_run_can_be_awaited_in_a_loop(process_order):
    run = asyncio.run(_arun(process_order))

    assert run.output == {"charge": "c1", "approved": False}


def test_in_a_loop_plain_code_is_told_to_await(process_order):
    async def test() -> None:
        testing.run(process_order)

    with pytest.raises(inngest.UsageError, match=r"await testing\.arun"):
        asyncio.run(test())


def test_a_client_in_production_mode_needs_no_key(process_order):
    assert process_order.client.is_production

    assert testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")}).result()


def test_the_client_of_the_test_stays_as_it_is(client, process_order):
    before = (client.settings, client.middleware, client.logger, client.functions)

    testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")})

    assert (client.settings, client.middleware, client.logger, client.functions) == before


# Triggers ------------------------------------------------------------------------------------------------------------


def test_an_event_that_does_not_trigger_the_function_is_refused(process_order):
    with pytest.raises(inngest.UsageError, match="does not trigger shop-process-order"):
        testing.run(process_order, inngest.Event(name="order/canceled"))


def test_a_condition_that_does_not_hold_is_said(client):
    trigger = inngest.TriggerEvent(event="order/placed", expression="event.data.total > 100")

    @client.create_function(fn_id="large", trigger=trigger)
    async def large(ctx: inngest.Context) -> None:
        pass

    with pytest.raises(inngest.UsageError, match="condition of its trigger does not hold"):
        testing.run(large, inngest.Event(name="order/placed", data={"total": 5}))


def test_a_schedule_needs_no_event(client):
    @client.create_function(fn_id="digest", trigger=inngest.TriggerCron(cron="0 9 * * *"))
    async def digest(ctx: inngest.Context) -> str:
        await ctx.step.sleep("a-week", "7d")
        return ctx.event.name

    run = testing.run(digest)

    assert run.output == "inngest/scheduled.timer"
    assert run.others == ()


def test_a_function_without_triggers_is_invoked(client):
    @client.create_function(fn_id="helper", trigger=[])
    async def helper(ctx: inngest.Context) -> object:
        return ctx.event.data["x"]

    assert testing.run(helper, inngest.Event(name="any", data={"x": 3})).output == 3


def test_a_function_that_takes_batches_is_given_several_events(client):
    @client.create_function(
        fn_id="batch", trigger=order_placed, batch_events=inngest.Batch(max_size=10, timeout=timedelta(seconds=30))
    )
    async def batch(ctx: inngest.Context[Order]) -> list[str]:
        return [event.data.order_id for event in ctx.events]

    run = testing.run(batch, [order_placed(order_id="1"), order_placed(order_id="2")])

    assert run.output == ["1", "2"]
    assert run.started_at == testing.START + timedelta(seconds=30)


def test_what_no_client_has_declared_is_refused():
    with pytest.raises(inngest.UsageError, match="not a function made by create_function"):
        testing.run(never_called)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"event": "order/placed"}, "an Event or several, not 'order/placed'"),
        ({"event": {"name": "order/placed"}}, "an Event or several, not {'name'"),
        ({"event": [7]}, "an Event or several, not 7"),
        ({"steps": ["charge-payment"]}, "must be a dict: stubs by step id"),
        ({"feed": testing.event("order/approved").what}, r"not Event\(name='order/approved'"),
        ({"feed": ["order/approved"]}, "not 'order/approved'"),
        ({"clients": ["bank"]}, "'bank' is not a client"),
    ],
)
def test_what_is_none_of_what_a_run_takes_is_refused_with_its_value(process_order, given, said):
    with pytest.raises(inngest.UsageError, match=said):
        testing.run(process_order, **given)


@pytest.mark.parametrize(
    "use",
    [
        lambda engine: engine.runs_of("process-order"),
        lambda engine: engine.stub("charge-payment", 1, function="process-order"),
        lambda engine: engine.feed("order/approved"),
        lambda _: testing.Engine(["bank"]),  # type: ignore[list-item]
    ],
)
def test_what_is_none_of_what_an_engine_takes_is_refused(process_order, use):
    with pytest.raises(inngest.UsageError, match=r"process-order|order/approved|bank' is not a client"):
        use(testing.Engine(process_order.client))


# Stubs ---------------------------------------------------------------------------------------------------------------


def test_a_stub_that_fails_is_retried_in_virtual_time(process_order):
    stub = testing.fails(2, ConnectionError("no route"), then=Charge(id="c2"))

    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": stub})

    assert run.output == {"charge": "c2", "approved": False}
    assert run.steps["charge-payment"].attempts == 3
    assert run.ended_at is not None
    assert run.ended_at > testing.START + timedelta(days=8, seconds=45)


@pytest.mark.parametrize("error", [ValueError("declined"), ValueError])
def test_a_stub_that_is_an_exception_is_raised_on_every_attempt(process_order, error):
    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": error})

    assert run.status == "Failed"
    assert run.steps["charge-payment"].attempts == 5
    assert str(run.steps["charge-payment"].error).startswith("ValueError")


def test_a_callable_is_called_like_the_function_that_it_stands_for(process_order):
    charge = Mock(return_value=Charge(id="c3"))

    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": charge})

    assert run.output["charge"] == "c3"
    charge.assert_called_once_with("1")


def test_a_callable_may_be_async(process_order):
    async def charge(order_id: str) -> Charge:
        await asyncio.sleep(0)
        return Charge(id=f"of-{order_id}")

    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": charge})

    assert run.output["charge"] == "of-1"


def test_a_stub_may_see_the_attempt(process_order):
    seen = []

    def charge(call: testing.StepCall) -> Charge:
        seen.append((call.step_id, call.args, call.attempt))
        if call.attempt < 1:
            raise ConnectionError
        return Charge(id="c4")

    testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": testing.stub(charge)})

    assert seen == [("charge-payment", ("1",), 0), ("charge-payment", ("1",), 1)]


def test_a_sequence_gives_one_answer_an_execution(client):
    @client.create_function(fn_id="twice", trigger=order_placed)
    def twice(ctx: inngest.ContextSync[Order]) -> list[str]:
        return [ctx.step.run("charge", never_called).id for _ in range(2)]

    stub = testing.sequence(Charge(id="a"), ConnectionError(), Charge(id="b"))
    run = testing.run(twice, order_placed(order_id="1"), steps={"charge": stub})

    assert run.output == ["a", "b"]
    assert list(run.steps) == ["charge", "charge:1"]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_sequence_that_is_too_short_ends_the_test(client, is_async):
    if is_async:

        @client.create_function(fn_id="twice", trigger=order_placed)
        async def twice(ctx: inngest.Context[Order]) -> list[int]:
            return [await ctx.step.run("look", int), await ctx.step.run("look", int)]
    else:

        @client.create_function(fn_id="twice", trigger=order_placed)
        def twice(ctx: inngest.ContextSync[Order]) -> list[int]:
            return [ctx.step.run("look", int), ctx.step.run("look", int)]

    with pytest.raises(inngest.UsageError, match='"look" has 1 answers, and the step is executed once more'):
        testing.run(twice, order_placed(order_id="1"), steps={"look": testing.sequence(7)})


def test_a_value_that_could_be_called_is_given_with_value(client):
    @client.create_function(fn_id="plain", trigger=order_placed)
    def plain(ctx: inngest.ContextSync[Order]) -> object:
        return ctx.step.run("look", never_called, output_type=str)

    class Callable(str):
        __slots__ = ()

        def __call__(self) -> None:
            raise AssertionError

    run = testing.run(plain, order_placed(order_id="1"), steps={"look": testing.value(Callable("x"))})

    assert run.output == "x"


def test_a_stub_of_a_step_that_there_is_not_is_refused_with_what_may_be_meant(process_order):
    with pytest.raises(inngest.UsageError, match="did you mean 'charge-payment'"):
        testing.run(
            process_order, order_placed(order_id="1"), steps={"charge-paymnt": 1, "charge-payment": Charge(id="")}
        )


def test_a_stub_of_a_step_of_another_function_is_refused(client, process_order):
    @client.create_function(fn_id="other", trigger=order_placed)
    def other(ctx: inngest.ContextSync[Order]) -> str:
        return ctx.step.run("of-the-other", str)

    steps = {"charge-payment": Charge(id=""), "of-the-other": 1}
    with pytest.raises(inngest.UsageError, match='there is a stub for step "of-the-other"'):
        testing.run(process_order, order_placed(order_id="1"), steps=steps)


def test_a_stub_of_a_step_that_another_branch_has_is_fine(client):
    @client.create_function(fn_id="branch", trigger=order_placed)
    def branch(ctx: inngest.ContextSync[Order]) -> str:
        if ctx.event.data.order_id == "1":
            return ctx.step.run("one", str)
        return ctx.step.run("other", str)

    assert testing.run(branch, order_placed(order_id="2"), steps={"one": "1", "other": "2"}).output == "2"


@pytest.mark.parametrize("step_id", ["let-it-rest", "wait-for-approval"])
def test_what_passes_by_itself_has_no_stub(process_order, step_id):
    with pytest.raises(inngest.UsageError, match=f'step "{step_id}" of shop-process-order has a stub'):
        testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id=""), step_id: 1})


# What the server does ------------------------------------------------------------------------------------------------


def test_a_fetch_is_stubbed(client):
    @client.create_function(fn_id="fetches", trigger=order_placed)
    async def fetches(ctx: inngest.Context[Order]) -> object:
        return (await ctx.step.fetch("get-rates", "https://rates.test/eur")).json()

    assert testing.run(fetches, order_placed(order_id="1"), steps={"get-rates": {"usd": 2}}).output == {"usd": 2}


def test_a_fetch_without_a_stub_says_what_to_write(client):
    @client.create_function(fn_id="fetches", trigger=order_placed)
    async def fetches(ctx: inngest.Context[Order]) -> None:
        await ctx.step.fetch("get-rates", "https://rates.test/eur")

    with pytest.raises(inngest.UsageError, match=r"https://rates.test/eur.*steps=\{'get-rates'"):
        testing.run(fetches, order_placed(order_id="1"))


def test_a_model_is_stubbed_and_its_failures_are_retried(client):
    @client.create_function(fn_id="asks", trigger=order_placed)
    async def asks(ctx: inngest.Context[Order]) -> object:
        adapter = inngest.ai.openai(model="gpt-5", auth_key="k")
        return (await ctx.step.ai.infer("ask", adapter=adapter, body={"input": "hi"}))["text"]

    stub = testing.fails(1, ConnectionError("down"), then={"text": "hello"})

    run = testing.run(asks, order_placed(order_id="1"), steps={"ask": stub})

    assert run.output == "hello"
    assert run.steps["ask"].kind == "ai.infer"


def test_an_invoked_function_of_the_same_app_runs(client):
    @client.create_function(fn_id="double", trigger=inngest.TriggerEvent(event="never"))
    async def double(ctx: inngest.Context) -> int:
        return ctx.event.data["n"] * 2

    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> int:
        return await ctx.step.invoke("double-it", function=double, data={"n": 4})

    run = testing.run(parent, order_placed(order_id="1"))

    assert run.output == 8
    assert [other.function for other in run.others] == ["shop-double"]


def test_a_stub_stands_for_an_invoked_function(client):
    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> object:
        return await ctx.step.invoke_by_id("ask-risk", app_id="risk", function_id="score", data={"n": 4})

    run = testing.run(parent, order_placed(order_id="1"), steps={"ask-risk": lambda data: data["n"] + 1})

    assert run.output == 5


def test_a_stub_stands_for_a_known_function_too(client):
    @client.create_function(fn_id="child", trigger=[])
    async def child(ctx: inngest.Context) -> None:
        raise AssertionError

    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> str:
        try:
            await ctx.step.invoke("ask", function=child)
        except inngest.StepError as error:
            return error.message
        return ""

    run = testing.run(parent, order_placed(order_id="1"), steps={"ask": inngest.NonRetriableError("not today")})

    assert run.output == "not today"


def test_an_unknown_function_without_a_stub_is_said(client):
    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> None:
        await ctx.step.invoke_by_id("ask-risk", app_id="risk", function_id="score")

    with pytest.raises(
        inngest.UsageError, match=r'step "ask-risk" of shop-parent invokes risk-score, which is not here'
    ):
        testing.run(parent, order_placed(order_id="1"))


def test_the_clients_of_other_apps_may_be_given(client):
    risk = inngest.Inngest(app_id="risk")

    @risk.create_function(fn_id="score", trigger=[])
    def score(ctx: inngest.ContextSync) -> int:
        return 42

    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> int:
        return await ctx.step.invoke("ask-risk", function=score)

    assert testing.run(parent, order_placed(order_id="1"), clients=[risk]).output == 42


def test_on_failure_runs_when_the_run_has_failed(client):
    async def tell(ctx: inngest.Context) -> str:
        assert ctx.error is not None
        assert ctx.failed_event is not None
        return f"{ctx.error.message} of {ctx.failed_event.data.order_id}"

    @client.create_function(fn_id="fails", trigger=order_placed, retries=0, on_failure=tell)
    async def fails(ctx: inngest.Context[Order]) -> None:
        raise ValueError("it broke")

    run = testing.run(fails, order_placed(order_id="9"))

    assert [other.output for other in run.others] == ["it broke of 9"]


# Events and signals --------------------------------------------------------------------------------------------------


def test_an_event_comes_after_a_time(process_order):
    run = testing.run(
        process_order,
        order_placed(order_id="1"),
        steps={"charge-payment": Charge(id="c1")},
        feed=[testing.event("order/approved", after="3d")],
    )

    assert run.output["approved"] is True
    assert run.ended_at == testing.START + timedelta(days=3)


def test_an_event_that_comes_before_it_is_awaited_is_missed(process_order):
    run = testing.run(
        process_order,
        order_placed(order_id="1"),
        steps={"charge-payment": Charge(id="c1")},
        feed=[testing.event("order/approved", after="1h")],
    )

    assert run.output["approved"] is False


def test_an_event_without_a_time_comes_when_it_is_awaited(process_order):
    run = testing.run(
        process_order,
        order_placed(order_id="1"),
        steps={"charge-payment": Charge(id="c1")},
        feed=[testing.event("order/approved", {"by": "ada"})],
    )

    assert run.steps["wait-for-approval"].output["data"] == {"by": "ada"}
    assert run.ended_at == testing.START + timedelta(days=1)


def test_an_event_that_nothing_waits_for_is_an_error(process_order):
    with pytest.raises(inngest.UsageError, match='nothing has waited for the event "order/aproved"'):
        testing.run(
            process_order,
            order_placed(order_id="1"),
            steps={"charge-payment": Charge(id="c1")},
            feed=[testing.event("order/aproved")],
        )


def awaiting_payment(client: inngest.Inngest) -> inngest.Function[Any]:
    @client.create_function(fn_id="bills", trigger=order_placed)
    async def bills(ctx: inngest.Context[Order]) -> Any:
        same = "async.data.order_id == event.data.order_id"
        paid = await ctx.step.wait_for_event("wait", event="order/paid", timeout="1h", if_exp=same)
        return None if paid is None else paid.data["cents"]

    return bills


def test_an_event_that_does_not_fit_the_condition_of_a_wait_has_not_been_waited_for(client):
    fed = testing.event("order/paid", {"order_id": "2"})

    with pytest.raises(inngest.UsageError) as caught:
        testing.run(awaiting_payment(client), order_placed(order_id="1"), feed=[fed])

    assert str(caught.value).startswith(
        'nothing has waited for the event "order/paid", which was fed without a time: the condition of a wait does not '
        'hold for it, which is async.data.order_id == event.data.order_id. With after="1h" it comes in any case'
    )
    late = testing.event("order/paid", {"order_id": "2"}, after="1m")
    assert (
        testing.run(awaiting_payment(inngest.Inngest(app_id="b")), order_placed(order_id="1"), feed=[late]).output
        is None
    )


def test_an_event_that_would_only_cancel_a_run_is_not_waited_for(client):
    cancel = [inngest.Cancel(event="order/paid")]

    @client.create_function(fn_id="sleeps", trigger=order_placed, cancel=cancel)
    async def sleeps(ctx: inngest.Context[Order]) -> None:
        await ctx.step.sleep("nap", "1h")

    with pytest.raises(inngest.UsageError, match="did the run take another way, or does it wait for another name"):
        testing.run(sleeps, order_placed(order_id="1"), feed=[testing.event("order/paid")])


def test_the_stub_of_an_invoked_function_has_its_data_and_may_fail_it_for_good(client):
    asked = []

    def refuse(data: object) -> None:
        asked.append(data)
        raise inngest.NonRetriableError("no")

    @client.create_function(fn_id="asks", trigger=order_placed)
    async def asks(ctx: inngest.Context[Order]) -> None:
        with contextlib.suppress(inngest.StepError):
            await ctx.step.invoke_by_id("ask", app_id="bank", function_id="pay", data={"n": 1})

    testing.run(asks, order_placed(order_id="1"), steps={"ask": refuse})

    assert asked == [{"n": 1}]


def test_an_event_of_another_time_keeps_it(client):
    @client.create_function(fn_id="tells", trigger=order_placed)
    async def tells(ctx: inngest.Context[Order]) -> None:
        await ctx.step.send_event("tell", inngest.Event(name="order/told", ts=1_600_000_000_000))

    (told,) = testing.run(tells, order_placed(order_id="1")).events_sent

    assert told.ts == 1_600_000_000_000


def test_of_several_events_the_one_comes_that_fits(client):
    fed = [testing.event("order/paid", {"order_id": order_id, "cents": int(order_id)}) for order_id in ("2", "1")]

    with pytest.raises(inngest.UsageError, match='nothing has waited for the event "order/paid"'):
        testing.run(awaiting_payment(client), order_placed(order_id="1"), feed=fed)
    assert (
        testing.run(awaiting_payment(inngest.Inngest(app_id="b")), order_placed(order_id="1"), feed=fed[1:]).output == 1
    )


def test_a_signal_is_fed(client):
    @client.create_function(fn_id="waits", trigger=order_placed)
    async def waits(ctx: inngest.Context[Order]) -> object:
        signal = await ctx.step.wait_for_signal("wait", signal="go", timeout="1h")
        return None if signal is None else signal.data

    assert testing.run(waits, order_placed(order_id="1"), feed=[testing.signal("go", {"n": 1})]).output == {"n": 1}
    assert testing.run(waits, order_placed(order_id="1"), feed=[testing.signal("go", after="2h")]).output is None


def test_events_that_are_sent_reach_no_network(client):
    @client.create_function(fn_id="sends", trigger=order_placed)
    async def sends(ctx: inngest.Context[Order]) -> list[str]:
        return await ctx.step.send_event("tell", [inngest.Event(name="order/told", data={"n": 1})])

    run = testing.run(sends, order_placed(order_id="1"))

    assert [(event.name, event.data) for event in run.events_sent] == [("order/told", {"n": 1})]
    assert run.events_sent[0].ts == testing.START.timestamp() * 1000


# The app's own -------------------------------------------------------------------------------------------------------


def test_the_middleware_of_the_client_applies_and_results_are_shown_plain(client):
    cryptography = pytest.importorskip("cryptography")
    assert cryptography
    from inngest_py.middleware.encryption import EncryptionMiddleware

    client.middleware = [EncryptionMiddleware.factory("secret")]

    @client.create_function(fn_id="secret", trigger=order_placed)
    def secret(ctx: inngest.ContextSync[Order]) -> dict[str, str]:
        return {"card": ctx.step.run("read-card", lambda: "4242")}

    run = testing.run(secret, order_placed(order_id="1"))

    assert run.output == {"card": "4242"}
    assert run.steps["read-card"].output == "4242"


def test_what_was_encrypted_on_its_way_is_shown_as_the_function_had_it(client):
    cryptography = pytest.importorskip("cryptography")
    assert cryptography
    from inngest_py.middleware.encryption import EncryptionMiddleware

    client.middleware = [EncryptionMiddleware.factory(b"k" * 32, errors=True)]

    @client.create_function(fn_id="child", trigger=order_placed)
    async def child(ctx: inngest.Context[Order]) -> str:
        if ctx.event.data.order_id == "2":
            raise inngest.NonRetriableError("card 4242 is lost")
        return "4242"

    @client.create_function(fn_id="parent", trigger=order_placed)
    async def parent(ctx: inngest.Context[Order]) -> str:
        with contextlib.suppress(inngest.StepError):
            await ctx.step.invoke("ask-in-vain", function=child, data={"order_id": "2"})
        return str(await ctx.step.invoke("ask", function=child, data={"order_id": "1"}))

    steps = testing.run(parent, order_placed(order_id="1")).steps

    assert steps["ask"].output == "4242"
    assert "card 4242 is lost" in str(steps["ask-in-vain"].error)


def test_events_that_were_encrypted_are_shown_as_the_function_sent_them(client):
    pytest.importorskip("cryptography")
    from inngest_py.middleware.encryption import EncryptionMiddleware

    client.middleware = [EncryptionMiddleware.factory("secret")]

    @client.create_function(fn_id="tells", trigger=order_placed)
    async def tells(ctx: inngest.Context[Order]) -> None:
        first = inngest.Event(name="order/told", data={"encrypted": {"card": "4242"}}, id="told-1", v="2")
        await ctx.step.send_event("tell", [first, inngest.EventType("order/shipped", Order)(order_id="2")])

    told, shipped = testing.run(tells, order_placed(order_id="1")).events_sent

    assert (told.name, told.data, told.v, told.id) == ("order/told", {"encrypted": {"card": "4242"}}, "2", "told-1")
    assert (shipped.data, shipped.ts) == ({"order_id": "2"}, testing.START.timestamp() * 1000)


def test_events_that_a_middleware_adds_are_shown_as_they_came(client):
    class Telling(inngest.Middleware):
        def before_send_events(self, events: list[inngest.Event]) -> None:
            events.append(inngest.Event(name="order/told", data={"of": events[0].name}))

    client.middleware = [Telling]

    @client.create_function(fn_id="tells", trigger=order_placed)
    async def tells(ctx: inngest.Context[Order]) -> None:
        await ctx.step.send_event("tell", inngest.Event(name="order/shipped"))

    sent = testing.run(tells, order_placed(order_id="1")).events_sent

    assert [(event.name, event.data) for event in sent] == [
        ("order/shipped", {}),
        ("order/told", {"of": "order/shipped"}),
    ]


TENANT = ContextVar("tenant", default="nobody")


def test_a_plain_step_of_an_async_function_sees_the_context_of_the_test_from_another_thread(client, monkeypatch):
    monkeypatch.delitem(sys.modules, "django.db", raising=False)  # of another test in this process

    @client.create_function(fn_id="looks", trigger=order_placed)
    async def looks(ctx: inngest.Context[Order]) -> Any:
        return await ctx.step.run("look", lambda: [TENANT.get(), threading.get_ident()])

    token = TENANT.set("acme")
    tenant, thread = testing.run(looks, order_placed(order_id="1")).output
    TENANT.reset(token)

    assert tenant == "acme"
    assert thread != threading.get_ident()


def test_what_a_function_logs_is_there_at_every_level(client, caplog):
    caplog.set_level(logging.WARNING)

    @client.create_function(fn_id="logs", trigger=order_placed)
    def logs(ctx: inngest.ContextSync[Order]) -> None:
        ctx.logger.info("before")
        ctx.step.sleep("nap", "1h")
        ctx.logger.warning("after")

    run = testing.run(logs, order_placed(order_id="1"))

    assert [str(line) for line in run.logs] == ["INFO before", "WARNING after"]
    assert caplog.messages == ["after"]


def test_the_timeline_is_a_tree_with_virtual_times(process_order):
    run = testing.run(
        process_order,
        order_placed(order_id="1"),
        steps={"charge-payment": Charge(id="c1")},
        feed=[testing.event("order/approved", after="3d")],
    )

    lines = run.timeline().splitlines()

    assert lines[0] == "shop-process-order: Completed after 3d"
    assert lines[1] == '├─ +0s  charge-payment     run             Completed -> {"id": "c1", "cents": 0}'
    assert lines[2] == "├─ +0s  let-it-rest        sleep           24h Completed after 1d"
    assert lines[3].startswith("└─ +1d  wait-for-approval  wait_for_event  order/approved Completed after 2d -> {")
    assert lines[4] == '   returned: {"charge": "c1", "approved": true}'


def test_a_step_that_there_is_not_is_named_with_what_is_like_it(process_order):
    run = testing.run(process_order, order_placed(order_id="1"), steps={"charge-payment": Charge(id="c1")})

    with pytest.raises(KeyError, match='no step "charge"; it has "charge-payment"'):
        run.steps["charge"]


ALONE = """
import sys

of_extras = ["click", "cronsim", "cryptography", "httptools", "jsonschema", "rich", "starlette", "uvicorn"]
sys.modules.update(dict.fromkeys(of_extras))

import inngest_py as inngest
from inngest_py import testing

client = inngest.Inngest(app_id="shop")


@client.create_function(fn_id="sends", trigger=inngest.TriggerEvent(event="go", expression="event.data.n > 1"))
async def sends(ctx):
    await ctx.step.send_event("tell", inngest.Event(name="told"))
    return await ctx.step.run("work", lambda: 5)


print(testing.run(sends, inngest.Event(name="go", data={"n": 2})).output)
"""


def test_no_extra_is_needed():
    done = subprocess.run([sys.executable, "-W", "error", "-c", ALONE], capture_output=True, check=False, text=True)

    assert (done.stdout, done.stderr) == ("5\n", "")
