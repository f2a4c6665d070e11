"""Functions that would go astray in production are found out: mistakes of ten kinds, and nothing that is none."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import time
import uuid
from collections import OrderedDict

import pytest

import inngest_py as inngest
from inngest_py import testing

GO = inngest.TriggerEvent(event="go")


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="shop")


def double(number: object) -> object:
    return number


def diverges(function, *patterns: str) -> inngest.DivergenceError:
    """Run a function whose replay must differ; give the error, which says all that is expected."""
    with pytest.raises(inngest.DivergenceError) as found:
        testing.run(function)
    for pattern in patterns:
        assert pattern in str(found.value)
    return found.value


# Ten mistakes --------------------------------------------------------------------------------------------------------


def test_a_random_step_id(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        await ctx.step.run(f"draw-{random.random()}", double, 1)

    error = diverges(bug, "shop-bug is not the same when it is replayed", 'asks for step "draw-', "random.random() in")

    assert f"{__file__}:{bug.handler.__code__.co_firstlineno + 2}" in error.cause


def test_the_time_in_an_input(client):
    @client.create_function(fn_id="bug", trigger=GO)
    def bug(ctx: inngest.ContextSync) -> None:
        ctx.step.run("charge", double, time.time())

    diverges(bug, 'step "charge" is another one: its input is', "time.time() in")


def test_the_date_and_time_in_a_step_id(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        await ctx.step.run(f"report-{dt.datetime.now(dt.UTC).isoformat()}", double, 1)

    diverges(bug, 'asks for step "report-', "datetime.now() in")


def test_a_new_uuid_as_an_idempotency_key(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        key = str(uuid.uuid4())
        await ctx.step.sleep("wait", "1h")
        await ctx.step.run("charge", double, key)

    diverges(bug, 'step "charge" is another one: its input is', "uuid.uuid4() in")


def test_random_bytes_in_the_output(client):
    @client.create_function(fn_id="bug", trigger=GO)
    def bug(ctx: inngest.ContextSync) -> str:
        ctx.step.run("work", double, 1)
        return os.urandom(8).hex()

    diverges(bug, "it returns", "and returned", "os.urandom() in")


COUNTER = {"calls": 0}


def test_a_counter_outside_of_the_function(client):
    @client.create_function(fn_id="bug", trigger=GO)
    def bug(ctx: inngest.ContextSync) -> None:
        COUNTER["calls"] += 1
        ctx.step.run(f"work-{COUNTER['calls']}", double, 1)

    diverges(bug, 'asks for step "work-', "COUNTER, outside of the function, changes while it runs")


def test_a_variable_that_a_step_changes(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        total = 0

        def add() -> None:
            nonlocal total
            total += 5

        await ctx.step.run("add", add)
        await ctx.step.run("charge", double, total)

    diverges(bug, 'step "charge" is another one: its input is [0] now and was [5]')


CUSTOMERS: set[str] = set()


def test_a_branch_on_what_a_step_has_written(client):
    CUSTOMERS.clear()

    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        if "ada" not in CUSTOMERS:
            await ctx.step.run("sign-up", CUSTOMERS.add, "ada")
        await ctx.step.run("welcome", double, 1)

    error = diverges(bug, 'asks for step "welcome", where it asked for "sign-up" before', "depends on CUSTOMERS")

    assert error.steps == 0


RECENT: OrderedDict[str, int] = OrderedDict.fromkeys(["a", "b", "c"], 0)


def test_the_order_of_a_dict_that_changes(client):
    @client.create_function(fn_id="bug", trigger=GO)
    def bug(ctx: inngest.ContextSync) -> list[object]:
        names = [*RECENT]
        RECENT.move_to_end(names[0])
        return [ctx.step.run("visit", double, name) for name in names]

    diverges(bug, 'step "visit" is another one: its input is', "RECENT, outside of the function, changes")


def test_a_shuffled_list(client):
    random.seed(3)

    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        names = [f"shard-{number}" for number in range(20)]
        random.shuffle(names)
        for name in names[:2]:
            await ctx.step.run(name, double, 1)

    diverges(bug, 'asks for step "shard-', "random.")


def test_the_attempt_in_a_step_id(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        await ctx.step.run(f"work-for-{ctx.request_id}", double, 1)

    diverges(bug, 'asks for step "work-for-')


def test_an_object_that_is_shown_with_its_address(client):
    @client.create_function(fn_id="bug", trigger=GO)
    async def bug(ctx: inngest.Context) -> None:
        keep.append(object())
        await ctx.step.run("work", double, id(keep[-1]))

    keep: list[object] = []
    diverges(bug, 'step "work" is another one', "id() in")


# No mistakes ---------------------------------------------------------------------------------------------------------


def test_steps_are_executed_once(client):
    executed: list[object] = []

    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> list[object]:
        return [await ctx.step.run(f"work-{number}", executed.append, number) for number in range(5)]

    run = testing.run(fine)

    assert run.status == "Completed"
    assert executed == [0, 1, 2, 3, 4]


def test_a_function_without_steps_is_executed_once(client):
    executed: list[object] = []

    @client.create_function(fn_id="fine", trigger=GO)
    def fine(ctx: inngest.ContextSync) -> None:
        executed.append(time.time())

    testing.run(fine)

    assert len(executed) == 1


def test_what_changes_may_come_out_of_steps(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> str:
        key = await ctx.step.run("make-key", lambda: str(uuid.uuid4()))
        now = await ctx.step.run("look-at-clock", time.time)
        await ctx.step.run("charge", double, [key, now])
        return key

    assert testing.run(fine).status == "Completed"


def test_when_a_sleep_ends_may_be_computed_anew(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> None:
        await ctx.step.sleep_until("tomorrow", dt.datetime.now(dt.UTC) + dt.timedelta(days=1))

    assert testing.run(fine).status == "Completed"


def test_steps_in_parallel_may_end_in_any_order(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> object:
        async def branch(name: str, duration: str) -> object:
            await ctx.step.sleep(f"sleep-{name}", duration)
            first = await ctx.step.run(f"first-{name}", double, name)
            return await ctx.step.run(f"second-{name}", double, first)

        return await asyncio.gather(branch("a", "3h"), branch("b", "1h"), branch("c", "2h"))

    assert testing.run(fine).output == ["a", "b", "c"]


def test_a_race_may_be_won(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> object:
        slow = asyncio.ensure_future(ctx.step.wait_for_event("wait", event="never", timeout="30d"))
        fast = asyncio.ensure_future(ctx.step.run("work", double, "fast"))
        done, left = await asyncio.wait({slow, fast}, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        assert done == {fast}
        return await ctx.step.run("after", double, fast.result())

    assert testing.run(fine).output == "fast"


def test_parallel_steps_of_a_plain_function_are_no_mistake(client):
    @client.create_function(fn_id="fine", trigger=GO)
    def fine(ctx: inngest.ContextSync) -> object:
        found = ctx.group.parallel((lambda: ctx.step.run("a", double, 1), lambda: ctx.step.run("b", double, 2)))
        return [*found, ctx.step.run("c", double, 3)]

    assert testing.run(fine).output == [1, 2, 3]


def test_an_attempt_of_the_function_that_fails_is_no_mistake(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> str:
        await ctx.step.run("work", double, 1)
        if ctx.attempt < 2:
            raise ConnectionError("later")
        return "done"

    assert testing.run(fine).output == "done"


@pytest.mark.parametrize("error", [ValueError("x"), inngest.NonRetriableError("x")])
def test_a_step_that_fails_and_is_caught_is_no_mistake(client, error):
    def fail() -> None:
        raise error

    @client.create_function(fn_id="fine", trigger=GO, retries=1)
    async def fine(ctx: inngest.Context) -> str:
        try:
            await ctx.step.run("work", fail)
        except inngest.StepError as caught:
            name = caught.name
            return await ctx.step.run("repair", lambda: name)
        return ""

    assert testing.run(fine).output == type(error).__name__


def test_a_run_that_fails_fails_again(client):
    @client.create_function(fn_id="fine", trigger=GO, retries=0)
    async def fine(ctx: inngest.Context) -> None:
        await ctx.step.run("work", double, 1)
        raise ValueError(f"at {time.time()}")

    assert testing.run(fine).status == "Failed"


def test_the_check_can_be_left_out(client):
    @client.create_function(fn_id="bug", trigger=GO)
    def bug(ctx: inngest.ContextSync) -> float:
        ctx.step.run("work", double, 1)
        return random.random()

    assert testing.run(bug, check_replays=False).status == "Completed"


def test_what_the_function_logs_and_sends_when_it_is_replayed_is_not_the_runs(client):
    @client.create_function(fn_id="fine", trigger=GO)
    async def fine(ctx: inngest.Context) -> None:
        await ctx.step.run("work", double, 1)
        ctx.logger.warning("once")
        await ctx.step.send_event("tell", inngest.Event(name="told"))

    run = testing.run(fine)

    assert [line.message for line in run.logs] == ["once"]
    assert [event.name for event in run.events_sent] == ["told"]
    assert run.calls <= 2
