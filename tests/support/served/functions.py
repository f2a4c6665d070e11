"""What the apps serve that are started under real servers: functions that tell where they are, and wait for another."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import inngest_py as inngest

THING = inngest.TriggerEvent(event="thing/happened")
PATIENCE = 10.0

client = inngest.Inngest(app_id="app", is_production=True)
held, released = threading.Event(), threading.Event()
let_go = threading.Event()
begun, cancelled = threading.Event(), threading.Event()


@client.create_function(fn_id="plain", trigger=THING)
def plain(ctx: inngest.ContextSync) -> Any:
    return ctx.event.data


@client.create_function(fn_id="length", trigger=THING)
def length(ctx: inngest.ContextSync) -> int:
    return len(ctx.event.data["text"])


@client.create_function(fn_id="async", trigger=THING)
async def asynchronous(_ctx: inngest.Context) -> int:
    return id(asyncio.get_running_loop())


@client.create_function(fn_id="runs-a-loop", trigger=THING)
def runs_a_loop(_ctx: inngest.ContextSync) -> str:
    return asyncio.run(asyncio.sleep(0, "ran"))


@client.create_function(fn_id="hold", trigger=THING)
def hold(_ctx: inngest.ContextSync) -> bool:
    held.set()
    return released.wait(PATIENCE)


@client.create_function(fn_id="release", trigger=THING)
async def release(_ctx: inngest.Context) -> bool:
    found = await asyncio.to_thread(held.wait, PATIENCE)
    released.set()
    return found


@client.create_function(fn_id="for-ever", trigger=THING)
async def for_ever(_ctx: inngest.Context) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        cancelled.set()


@client.create_function(fn_id="begun", trigger=THING)
def has_begun(_ctx: inngest.ContextSync) -> bool:
    return begun.wait(PATIENCE)


@client.create_function(fn_id="cancelled", trigger=THING)
def was_cancelled(_ctx: inngest.ContextSync) -> bool:
    return cancelled.wait(PATIENCE)


@client.create_function(fn_id="await", trigger=THING)
async def await_release(_ctx: inngest.Context) -> bool:
    return await asyncio.to_thread(let_go.wait, PATIENCE)


@client.create_function(fn_id="let-go", trigger=THING)
def release_awaiting(_ctx: inngest.ContextSync) -> bool:
    let_go.set()
    return True
