"""A dev server and an app in this process, in a thread of their own: for a browser to look at."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette

import inngest_py as inngest
from inngest_py.dev.notices import Notice
from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer, _HTTPServer
from inngest_starlette import serve
from servers import free_port

PATIENCE = 20.0


@dataclass
class Stage:
    """A dev server that is up, and a loop to ask it on."""

    server: DevServer
    loop: asyncio.AbstractEventLoop
    notices: list[Notice]
    _changed: threading.Condition

    @property
    def url(self) -> str:
        return self.server.url

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something where the server lives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def add(self, client: inngest.Inngest) -> Any:
        """Put an app beside the server, and have it registered."""
        return self.do(self._add(client))

    async def _add(self, client: inngest.Inngest) -> str:
        port = free_port()
        app = Starlette(routes=[serve(client)])
        web = _HTTPServer(uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off"))
        self.apps.append((web, asyncio.create_task(web.serve())))
        await web.up.wait()
        url = f"http://127.0.0.1:{port}/api/inngest"
        assert self.server._discovery is not None
        await self.server._discovery.add(url)
        return url

    def __post_init__(self) -> None:
        self.apps: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    def until(self, fits: Callable[[Notice], bool]) -> Notice:
        """The first notice that fits, or wait for it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(fits, self.notices)), PATIENCE), "it did not happen"
            return next(filter(fits, self.notices))

    async def close(self) -> None:
        for web, task in self.apps:
            web.should_exit = True
            await task
        await self.server.stop()


@contextmanager
def stage(options: Options | None = None) -> Iterator[Stage]:
    """A dev server on a free port, for as long as the block lasts."""
    notices, changed = list[Notice](), threading.Condition()

    def observe(notice: Notice) -> None:
        with changed:
            notices.append(notice)
            changed.notify_all()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = DevServer(options or Options(port=0, retry_interval=0.05, poll=False), observe=observe)
    made = Stage(server, loop, notices, changed)
    made.do(server.start())
    try:
        yield made
    finally:
        made.do(made.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
