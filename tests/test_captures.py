"""The calls that a real server made, as they were recorded, are answered with what that server took."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from inngest_py import (
    Context,
    ContextSync,
    Event,
    Handler,
    Inngest,
    NonRetriableError,
    ParallelMode,
    Request,
    RetryAfterError,
    StepError,
    TriggerEvent,
)

FOLDERS = (Path(__file__).parent / "captures", Path(__file__).parent / "dev" / "captures")
TRIGGER = TriggerEvent(event="t/any")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


def fail(message, kind=ValueError, *args):
    raise kind(message, *args)


def event_api(request: httpx.Request) -> httpx.Response:
    assert request.url.path.startswith("/e/"), "nothing else is asked of the server"
    sent = ["01M80Q3TSB9TN8TD8GD5P49GYS", "01M80Q3TSB9TN8TD8GD5P49GYT"]
    return httpx.Response(200, json={"ids": sent[: len(json.loads(request.content))], "status": 200})


def shop() -> Inngest:
    """An app that does what the recorded one did."""
    client = Inngest(
        app_id="cap",
        is_production=False,
        checkpointing=False,
        http_client=httpx.Client(transport=httpx.MockTransport(event_api)),
    )

    def declare(fn_id, **options):
        return client.create_function(fn_id=fn_id, trigger=TRIGGER, **options)

    @declare("no-step")
    def no_step(ctx: ContextSync):
        return {"hello": "world", "n": 1}

    @declare("two-steps")
    def two_steps(ctx: ContextSync):
        first = ctx.step.run("step-a", lambda: {"a": 1})
        return {"x": first, "y": ctx.step.run("step-b", lambda: None)}

    @declare("loop")
    async def loop(ctx: Context):
        return [await ctx.step.run("same-id", partial(int, n)) for n in range(3)]

    @declare("sleep")
    def sleep(ctx: ContextSync):
        ctx.step.sleep("nap", "2s")
        return "awake"

    @declare("send-event")
    def send_event(ctx: ContextSync):
        return ctx.step.send_event("send", [Event(name="t/sent-a"), Event(name="t/sent-b")])

    @declare("fail-then-ok", retries=3)
    def fail_then_ok(ctx: ContextSync):
        return ctx.step.run("flaky", lambda: "ok" if ctx.attempt == 2 else fail(f"flaky attempt {ctx.attempt}"))

    def handled(ctx: ContextSync):
        return {"handled": ctx.error is not None and ctx.failed_event is not None}

    @declare("perm-fail", retries=1, on_failure=handled)
    async def perm_fail(ctx: Context):
        await ctx.step.run("bad", lambda: fail("always bad"))

    @declare("fn-level-fail", retries=1)
    def fn_level_fail(ctx: ContextSync):
        fail("function level failure")

    @declare("step-error-caught", retries=0)
    def step_error_caught(ctx: ContextSync):
        try:
            ctx.step.run("bad", lambda: fail("caught later"))
        except StepError as error:
            return {"caught": error.message, "name": error.name}

    @declare("parallel")
    async def parallel(ctx: Context):
        three = await asyncio.gather(
            ctx.step.run("pa", lambda: "A"), ctx.step.run("pb", lambda: "B"), ctx.step.sleep("ps", "2s")
        )
        return [*three, await ctx.step.run("after", lambda: "C"), await ctx.step.run("after2", lambda: "D")]

    @declare("parallel-fail", retries=0)
    def parallel_fail(ctx: ContextSync):
        ctx.group.parallel(
            (lambda: ctx.step.run("pfa", lambda: "A"), lambda: ctx.step.run("pfb", lambda: fail("branch b failed")))
        )

    @declare("parallel-race")
    async def parallel_race(ctx: Context):
        async def branch(name):
            first = await ctx.step.run(f"r{name}", name.upper)
            return [first, await ctx.step.run(f"r{name}2", lambda: f"{name.upper()}2")]

        return await ctx.group.parallel((lambda: branch("a"), lambda: branch("b")), mode=ParallelMode.RACE)

    @declare("wait-ok")
    def wait_ok(ctx: ContextSync):
        condition = "async.data.key == event.data.key"
        event = ctx.step.wait_for_event("wait", event="t/wait-signal", timeout="1m", if_exp=condition)
        assert event is not None
        return {"got": {"data": event.data, "id": event.id, "name": event.name, "ts": event.ts}}

    @declare("child")
    def child(ctx: ContextSync):
        return ctx.step.run("cs", lambda: "from-child")

    @declare("child-fail", retries=0)
    def child_fail(ctx: ContextSync):
        fail("child exploded")

    @declare("invoker")
    def invoker(ctx: ContextSync):
        return ctx.step.invoke("inv", function=child, data={"k": "v"}, v="1")

    @declare("invoker-fail", retries=2)
    def invoker_fail(ctx: ContextSync):
        return ctx.step.invoke("inv", function=child_fail, data={"k": "v"})

    @declare("child-slow", retries=0)
    def child_slow(ctx: ContextSync):
        ctx.step.sleep("z", "20s")

    @declare("invoker-timeout", retries=0)
    def invoker_timeout(ctx: ContextSync):
        return ctx.step.invoke("inv", function=child_slow, timeout="2s")

    @declare("non-retriable-fn")
    def non_retriable(ctx: ContextSync):
        fail("never retry me", NonRetriableError)

    @declare("batch")
    def batch(ctx: ContextSync):
        return ctx.step.run("count", lambda: len(ctx.events))

    @declare("cron")
    def cron(ctx: ContextSync):
        return "tick"

    @declare("log-finished")
    def log_finished(ctx: ContextSync):
        return "seen"

    @declare("retry-after", retries=2)
    def retry_after(ctx: ContextSync):
        fail("busy", RetryAfterError, "3s")

    return client


RECORDINGS = [
    "batch_events",
    "cron",
    "function_level_failure",
    "invoke",
    "invoke_failing",
    "invoke_timeout",
    "no_step_function",
    "parallel_steps",
    "parallel_steps_one_fails",
    "parallel_steps_race_mode",
    "repeated_step_ids_loop",
    "send_event_in_step",
    "sleep",
    "step_error_caught",
    "step_fails_then_succeeds",
    "step_permanent_failure_on_failure",
    "two_serial_steps",
    "wait_for_event_fulfilled",
]


def recorded(name: str) -> list[dict[str, Any]]:
    path = next(folder / f"{name}.json" for folder in FOLDERS if (folder / f"{name}.json").exists())
    return [each for each in json.loads(path.read_text()) if each["to"] == "sdk" and each["method"] == "POST"]


def essence(op: dict[str, Any]) -> dict[str, Any]:
    """What a server acts on. The time of a sleep is given by a clock there, as a duration here; types are for show."""
    error = {key: op["error"][key] for key in ("name", "message")} if op.get("error") else None
    opts = {key: value for key, value in (op["opts"] or {}).items() if value is not None and key != "type"}
    if "payload" in opts:
        opts["payload"] = {"data": opts["payload"]["data"] or {}, "v": opts["payload"].get("v")}
    name = None if op["op"] == "Sleep" else op["name"]
    return {"op": op["op"], "id": op["id"], "name": name, "opts": opts, "data": op["data"], "error": error}


def in_order(ops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The operations of a reply; their order means nothing."""
    return sorted(map(essence, ops), key=lambda op: op["id"])


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_run_is_answered_as_it_was(name):
    handler = Handler(shop(), framework="test")

    for each in recorded(name):
        theirs = each["response"]
        url = f"http://app.test/api/inngest?{urlencode(each['query'])}"
        ours = handler.handle(Request.of("POST", url, each["headers"].items(), json.dumps(each["body"]).encode()))
        body = json.loads(ours.body)

        assert ours.status == theirs["status"]
        assert ours.headers.get("x-inngest-no-retry") == theirs["headers"].get("x-inngest-no-retry")
        if ours.status == 206:
            assert in_order(body) == in_order(theirs["body"])
        elif ours.status == 500:
            assert {key: body[key] for key in ("name", "message", "code")} == {
                key: theirs["body"][key] for key in ("name", "message", "code")
            }
        elif each["query"]["fnId"] not in {"cap-child", "cap-invoker"}:  # these gave their whole event back
            assert body == theirs["body"]
