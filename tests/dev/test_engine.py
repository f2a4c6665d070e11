"""What drives the scheduler."""

from __future__ import annotations

import asyncio

from inngest_py.dev.decisions import Put
from inngest_py.dev.duration import HOUR
from inngest_py.dev.engine import Engine
from inngest_py.dev.ids import Ids
from inngest_py.dev.model import Meter
from inngest_py.dev.rules import Rules
from inngest_py.dev.store.sqlite import SQLiteStore


class Nobody:
    async def call(self, call):
        raise AssertionError(call)

    async def fetch(self, fetch):
        raise AssertionError(fetch)


async def test_the_clock_is_looked_at_now_and_then_also_when_nothing_is_due_for_long(monkeypatch):
    """A laptop that was shut for an hour has its timers when it is opened."""
    loop, waits = asyncio.get_running_loop(), list[float]()
    call_later = loop.call_later

    def noted(wait, *rest):
        waits.append(wait)
        return call_later(wait, *rest)

    monkeypatch.setattr(loop, "call_later", noted)
    store = SQLiteStore()
    store.commit([Put(Meter("f", "key", HOUR))])

    engine = Engine(store, Nobody(), clock=lambda: 0, ids=Ids(b"e"), rules=Rules(), observe=lambda _: None)
    await engine.start()
    await asyncio.sleep(0)
    await engine.stop()

    assert waits == [15]
