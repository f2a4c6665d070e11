"""What open pages are told of what happens."""

from __future__ import annotations

import asyncio
import json

from inngest_py.dev.notices import RunCompleted
from inngest_py.dev.ui.live import Changes


async def test_an_open_page_is_told_what_has_changed(house, kit):
    await house.function("f", kit.serial("a"))
    messages = house.hub.messages(pace=0)
    assert await anext(messages) == "retry: 1000\n\n"

    run_id = await house.run("f")

    seen: dict[str, set[str]] = {"topics": set(), "runs": set()}
    while "events" not in seen["topics"] or run_id not in seen["runs"]:
        said = json.loads((await anext(messages)).removeprefix("data: "))
        seen["topics"] |= set(said["topics"])
        seen["runs"] |= set(said["runs"])
    assert seen == {"topics": {"events", "runs"}, "runs": {run_id}}
    await messages.aclose()


async def test_the_engine_tells_nobody_else_while_no_page_is_open(house):
    before = house.engine._observer
    messages = house.hub.messages(pace=0)
    await anext(messages)
    assert house.engine._observer != before

    await messages.aclose()

    assert house.engine._observer == before


async def test_a_server_that_stops_ends_what_it_tells(house):
    messages = house.hub.messages(pace=0)
    await anext(messages)

    waiting = asyncio.ensure_future(anext(messages))
    await asyncio.sleep(0)
    house.hub.close()

    assert json.loads((await waiting).removeprefix("data: ")) == {"topics": [], "runs": []}
    assert [message async for message in messages] == []


def test_of_too_many_runs_it_is_only_said_that_there_are_some():
    changes = Changes()
    for number in range(1000):
        changes.hear(RunCompleted(at=0, run_id=str(number), function="f", app="a", duration=0, steps=0, output="1"))

    assert json.loads(changes.take().removeprefix("data: ")) == {"topics": ["runs"], "runs": None}
    assert json.loads(changes.take().removeprefix("data: ")) == {"topics": [], "runs": []}
