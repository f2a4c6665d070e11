"""The functions of test_official_sdks.py, coroutine functions, made with the official Python SDK."""

from __future__ import annotations

import asyncio
from typing import Any

import inngest

from official.declared import LONG, SAME, SECOND, SHORT, WHILE, declared


async def failed(ctx: Any) -> Any:
    return ctx.event.data["error"]["message"]


def functions(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    executed, busy = list[str](), list[str]()

    @client.create_function(**declared("tour"))
    async def tour(ctx: Any) -> Any:
        step = ctx.step

        async def flaky() -> str:
            if ctx.attempt == 0:
                raise ValueError("not yet")
            return "at last"

        first = await step.run("first", lambda: {"n": ctx.event.data["n"]})
        second = await step.run("second", lambda: [first])
        both = await ctx.group.parallel((lambda: step.run("left", lambda: "L"), lambda: step.run("right", lambda: "R")))
        retried = await step.run("flaky", flaky)
        await step.sleep("nap", SHORT)
        answer, sent = await ctx.group.parallel(
            (
                lambda: step.wait_for_event("answer", event="tour/answered", if_exp=SAME, timeout=LONG),
                lambda: step.send_event("call", inngest.Event(name="tour/caller", data={})),
            )
        )
        missed = await step.wait_for_event("missed", event="tour/never", timeout=SECOND)
        invoked = await step.invoke("ask", function=child, data={"n": 2})
        try:
            caught = await step.invoke("fail", function=broken, data={})
        except inngest.StepError as error:
            caught = error.message
        return {
            "second": second,
            "both": list(both),
            "retried": retried,
            "sent": len(sent),
            "answer": answer.data if answer else None,
            "missed": missed,
            "invoked": invoked,
            "caught": caught,
        }

    @client.create_function(**declared("caller"))
    async def caller(ctx: Any) -> Any:
        answers = [inngest.Event(name="tour/answered", data={"n": n}) for n in (1, 7)]
        return len(await ctx.step.send_event("answer", answers))

    @client.create_function(**declared("child"))
    async def child(ctx: Any) -> Any:
        return {"doubled": 2 * ctx.event.data["n"]}

    @client.create_function(**declared("broken"), on_failure=failed)
    async def broken(ctx: Any) -> Any:
        raise ValueError("broken")

    @client.create_function(**declared("flaky"))
    async def flaky(ctx: Any) -> Any:
        await ctx.step.run("once", lambda: executed.append("once"))
        if ctx.attempt < 2:
            raise ValueError("not yet")
        return {"attempt": ctx.attempt, "executed": len(executed)}

    @client.create_function(**declared("patient"))
    async def patient(ctx: Any) -> Any:
        if ctx.attempt == 0:
            raise inngest.RetryAfterError("later", SECOND)
        return "later"

    @client.create_function(**declared("final"), on_failure=failed)
    async def final(ctx: Any) -> Any:
        raise inngest.NonRetriableError("never again")

    @client.create_function(**declared("stopped"))
    async def stopped(ctx: Any) -> Any:
        await ctx.step.sleep("long", LONG if ctx.event.data["n"] == 1 else WHILE)
        return "not stopped"

    @client.create_function(**declared("late"))
    async def late(ctx: Any) -> Any:
        await ctx.step.sleep("long", LONG)

    @client.create_function(**declared("batched"))
    async def batched(ctx: Any) -> Any:
        return await ctx.step.run("collect", lambda: [event.data["n"] for event in ctx.events])

    @client.create_function(**declared("alone"))
    async def alone(ctx: Any) -> Any:
        await ctx.step.sleep("a while", SHORT)
        return ctx.event.data["n"]

    @client.create_function(**declared("narrow"))
    async def narrow(ctx: Any) -> Any:
        if busy:
            return "not alone"
        busy.append(ctx.run_id)
        await asyncio.sleep(0.02)
        busy.clear()
        return "alone"

    async def number(ctx: Any) -> Any:
        return ctx.event.data["n"]

    numbers = [client.create_function(**declared(fn_id))(number) for fn_id in ("paced", "last", "limited", "once")]
    return [*numbers, tour, caller, child, broken, flaky, patient, final, stopped, late, batched, alone, narrow]
