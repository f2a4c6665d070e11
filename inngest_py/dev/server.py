"""The dev server, put together."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import secrets
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from inngest_py.dev.api import Desk, build
from inngest_py.dev.api.visitors import House, name_of
from inngest_py.dev.discovery import Discovery
from inngest_py.dev.engine import Engine
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.ids import Ids
from inngest_py.dev.keeping import Keeper, Keeping
from inngest_py.dev.notices import AppUnreachable, Notice
from inngest_py.dev.options import Options
from inngest_py.dev.rules import Rules
from inngest_py.dev.store.port import Archive
from inngest_py.dev.store.sqlite import SQLiteStore
from inngest_py.dev.ui import Parlour, lost_in, routes
from inngest_py.dev.ui.live import Hub
from inngest_py.dev.ui.sessions import Sessions
from inngest_py.errors import ConfigError, UsageError
from inngest_py.wire.signing import SigningKey

_BACKLOG: Final = 2048
_GRACE: Final = 2


def _ignore(_: Notice) -> None:
    """Watch nothing."""


def _now() -> int:
    return time.time_ns() // 1_000_000


class _HTTPServer(uvicorn.Server):
    """Leaves the signals alone, which belong to whoever runs the server, and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the server."""
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class DevServer:
    """A dev server: `start`, then `serve` until `stop`, or `serve` alone. `observe` is told what happens.

        server = DevServer(Options(urls=("http://127.0.0.1:5000/api/inngest",)), observe=print)
        await server.serve()

    `problems` are the apps that could not be synced, by their URL; `forgotten` are URLs that are asked no more.

    With `hold` no app is called before one has registered: they are only being started. `clock` gives Unix
    milliseconds.

    `start` raises ConfigError if the port is in use, the database cannot be used, or the address is a public one and
    there are no keys.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        observe: Callable[[Notice], None] = _ignore,
        hold: bool = False,
        clock: Callable[[], int] = _now,
    ) -> None:
        self.options = options or Options()
        self._observe = observe
        self._clock = clock
        self._hold = hold
        self._key = None if self.options.signing_key is None else SigningKey(self.options.signing_key)
        self._engine: Engine | None = None
        self._executor = HTTPExecutor(clock, self._key)
        self._discovery: Discovery | None = None
        self._keeper: Keeper | None = None
        self._hub: Hub | None = None
        self.problems: dict[str, AppUnreachable] = {}
        self.forgotten: set[str] = set()
        self._http: _HTTPServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._port = self.options.port

    @property
    def url(self) -> str:
        """Where the server is, once it has started."""
        host = "127.0.0.1" if self.options.host in {"0.0.0.0", "::"} else self.options.host  # noqa: S104 - for display
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def engine(self) -> Engine:
        """The engine, once the server has started. Raises UsageError before."""
        if self._engine is None:
            raise UsageError("the dev server has not started")
        return self._engine

    async def start(self) -> None:
        """Open the port and the database, and begin to work. Returns when requests are answered."""
        _check_keys(self.options)
        sock = _bind(self.options.host, self.options.port)
        self._port = sock.getsockname()[1]
        try:
            store = SQLiteStore(self.options.persist)
        except BaseException:
            sock.close()
            raise
        self._engine = Engine(
            store,
            self._executor,
            clock=self._clock,
            ids=Ids(os.urandom(16)),
            rules=self._rules(),
            observe=self._observe,
        )
        if self._hold:
            self._engine.hold()
        await self._engine.start()
        self._keeper = Keeper(self._engine, self._keeping())
        self._keeper.start()
        self._discovery = self._discover()
        self._hub = Hub(self._engine)
        desk = self._desk(self._engine, store)
        parlour = Parlour(
            desk=desk,
            hub=self._hub,
            sessions=Sessions(secrets.token_urlsafe),
            problems=self.problems,
            add=self._discovery.add,
            forget=self._discovery.remove,
        )
        await self._serve_http(build(desk, routes(parlour), lost_in(parlour)), sock)
        self._discovery.start()

    async def serve(self) -> None:
        """Serve until `stop` is called, this task is cancelled, or nothing can be stored any more."""
        if self._serving is None:
            await self.start()
        ends = [asyncio.ensure_future(self._served()), asyncio.ensure_future(self.engine.failure())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await self.stop()

    async def _served(self) -> None:
        if self._serving is not None:
            await asyncio.shield(self._serving)

    async def stop(self) -> None:
        """Stop serving, and close everything. What was not finished goes on in the next life of a database."""
        http, self._http = self._http, None
        if http is None:
            return
        if self._discovery is not None:
            await self._discovery.stop()
        if self._hub is not None:
            self._hub.close()
        http.should_exit = True
        if self._serving is not None:
            await self._serving
        if self._keeper is not None:
            await self._keeper.stop()
        await self.engine.stop()
        self._executor.stop()

    def _rules(self) -> Rules:
        interval = self.options.retry_interval
        return Rules(retry_interval=None if interval is None else round(interval * 1000))

    def _keeping(self) -> Keeping:
        age = self.options.retention
        return Keeping(age=None if age is None else round(age.total_seconds() * 1000), size=self.options.max_size)

    def _desk(self, engine: Engine, archive: Archive) -> Desk:
        return Desk(
            engine=engine,
            archive=archive,
            signing_key=self._key,
            event_keys=frozenset(self.options.event_keys),
            house=_house(self.options),
            options={
                "urls": list(self.options.urls),
                "poll": self.options.poll,
                "poll_interval": self.options.poll_interval,
                "retry_interval": self.options.retry_interval,
            },
        )

    async def _serve_http(self, app: ASGIApp, sock: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE
        )
        self._http = _HTTPServer(config)
        self._serving = asyncio.create_task(self._http.serve(sockets=[sock]), name="inngest-http")
        await self._http.up.wait()

    def _discover(self) -> Discovery:
        return Discovery(
            self.options.urls,
            self._executor.put,
            interval=self.options.poll_interval if self.options.poll else None,
            clock=_now,
            observe=self.engine.tell,
            problems=self.problems,
            forgotten=self.forgotten,
            registrations=lambda: self.engine.registrations,
        )


def _house(options: Options) -> House:
    """Under which names the server is called. A name that was given to listen at is one of them."""
    names = frozenset(name_of(name) for name in options.allowed_hosts)
    keyed = bool(options.signing_key and options.event_keys)
    return House(names=names if keyed else names | {name_of(options.host)}, keyed=keyed)


def _check_keys(options: Options) -> None:
    if _is_local(options.host) or (options.signing_key and options.event_keys):
        return
    raise ConfigError(
        f"{options.host} is not an address of this machine alone: set a signing key and an event key, "
        "or listen on 127.0.0.1"
    )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets no delay on named TCP only
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} is in use on {host}: stop what uses it, or choose another port") from None
        raise ConfigError(f"{host}:{port} cannot be listened on: {error.strerror or error}") from None
    sock.listen(_BACKLOG)
    sock.setblocking(False)  # noqa: FBT003 - it has no other name
    return sock
