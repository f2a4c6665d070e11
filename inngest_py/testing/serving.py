"""A real dev server for a test: on a port of this machine, in a thread that ends with the test."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from inngest_py.errors import UsageError

if TYPE_CHECKING:
    from inngest_py.dev.server import DevServer

_PATIENCE: Final = 30.0


@contextmanager
def dev_server(**options: Any) -> Generator[DevServer]:
    """A dev server for as long as the block lasts, on any free port, with the `options` of `inngest_py.dev.options`.

    It is for what needs real requests: give its `url` to the app, as INNGEST_DEV. Raises UsageError where the extra
    `dev` is not installed.
    """
    server = _made({"port": 0, "retry_interval": 0.0, **options})
    started, stop = Future[asyncio.AbstractEventLoop](), asyncio.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, started, stop)), name="inngest-dev-server")
    thread.start()
    try:
        loop = started.result(_PATIENCE)
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join(_PATIENCE)


def _made(options: dict[str, Any]) -> DevServer:
    try:
        module = importlib.import_module("inngest_py.dev.server")
    except ModuleNotFoundError as error:
        raise UsageError(
            f'a dev server needs {error.name}, which is not installed: pip install "inngest-py[dev]"'
        ) from None
    from_options = importlib.import_module("inngest_py.dev.options").Options(**options)
    server: DevServer = module.DevServer(from_options)
    return server


async def _serve(server: DevServer, started: Future[asyncio.AbstractEventLoop], stop: asyncio.Event) -> None:
    try:
        await server.start()
    except BaseException as error:
        started.set_exception(error)
        return
    started.set_result(asyncio.get_running_loop())
    await stop.wait()
    await server.stop()
