"""A dev server with its pages, asked without a network; its clock goes when it is told to."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape

import httpx
import pytest

from inngest_py.dev.api import Desk, build
from inngest_py.dev.engine import Engine
from inngest_py.dev.executor import LocalExecutor
from inngest_py.dev.ids import Ids
from inngest_py.dev.notices import AppUnreachable, Notice, RunCancelled, RunCompleted, RunFailed
from inngest_py.dev.rules import Rules
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.dev.ui import Parlour, lost_in, routes
from inngest_py.dev.ui.live import Hub
from inngest_py.dev.ui.sessions import Sessions

NOW = 1_767_225_600_000


class House:
    """An engine, functions that live in this process, and a browser without a screen."""

    def __init__(self, kit):
        self.kit = kit
        self.now = NOW
        self.replies = {}
        self.notices: list[Notice] = []
        self.problems: dict[str, AppUnreachable] = {}
        self.added: list[str] = []
        self._changed = asyncio.Event()
        self.archive = SQLiteStore()
        self.engine = Engine(
            self.archive,
            LocalExecutor(self._app, lambda: 0),
            clock=lambda: self.now,
            ids=Ids(b"ui"),
            rules=Rules(retry_interval=60_000),
            observe=self._observe,
        )
        self.hub = Hub(self.engine)
        self.http = self.client()

    def client(self, **desk):
        numbers = iter(range(1000))
        made = Desk(engine=self.engine, archive=self.archive, **desk)
        parlour = Parlour(
            desk=made,
            hub=self.hub,
            sessions=Sessions(lambda: f"token-{next(numbers)}"),
            problems=self.problems,
            add=self._add,
            forget=self._forget,
        )
        transport = httpx.ASGITransport(build(made, routes(parlour), lost_in(parlour)))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8288", follow_redirects=True)

    async def function(self, slug, reply, **fields):
        self.replies[slug] = (reply, self.kit.config(slug, **fields))
        payload = self.kit.registration(*(config for _, config in self.replies.values()))
        return await self.http.put("/fn/register", json=payload)

    async def send(self, name, data=None, **fields):
        reply = await self.http.post("/e/k", json={"name": name, "data": data or {}, **fields})
        return reply.json()["ids"][0]

    async def run(self, slug, data=None):
        """Send the event of a function, and wait until its run has ended. Returns the run's id."""
        seen = len(self.notices)
        await self.send(f"t/{slug}", data)
        return (await self.until((RunCompleted, RunFailed, RunCancelled), seen)).run_id

    async def until(self, kinds, after=0, **fields):
        async with asyncio.timeout(10):
            while True:
                for notice in self.notices[after:]:
                    if isinstance(notice, kinds) and all(getattr(notice, key) == fields[key] for key in fields):
                        return notice
                self._changed.clear()
                await self._changed.wait()

    async def text(self, path):
        """What a page says, without its markup."""
        reply = await self.http.get(path)
        assert reply.status_code == 200, (path, reply.status_code, reply.text)
        return plain(reply.text)

    def _observe(self, notice):
        self.notices.append(notice)
        self._changed.set()

    async def _add(self, url):
        self.added.append(url)

    def _forget(self, url):
        self.problems.pop(url, None)

    async def _app(self, request):
        reply, _ = self.replies[request.query["fnId"]]
        return reply(self.kit.call(request.query["stepId"], json.loads(request.body), request.headers))


def plain(html):
    """The text of a page, with one space wherever there is some."""
    main = html.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    main = re.sub(r'<span class="(?:key|text|number|word)">(.*?)</span>', r"\1", main, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


@pytest.fixture
async def house(kit):
    house = House(kit)
    await house.engine.start()
    yield house
    house.hub.close()
    await house.http.aclose()
    await house.engine.stop()
