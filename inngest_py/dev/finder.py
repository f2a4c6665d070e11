"""Finds the apps whose URL nobody gave, and asks them to register: those of a command, or any at a usual place.

A command is asked about politely: where it listens is read from the system where the system tells, and an app that
registered is asked again when other processes listen in its place, that is, when it has been reloaded (PROTOCOL 3.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from inngest_py.dev.discovery import Discovery, Status
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.listeners import Listeners, listeners_of, listening
from inngest_py.settings import read_variable
from inngest_py.wire import headers

PORTS: Final = (80, 443, *range(3000, 3011), 4321, 5000, 5173, 8000, 8080, 8081, 8787, 8888, *range(8910, 8916))
PATHS: Final = ("/api/inngest", "/x/inngest", "/.netlify/functions/inngest", "/.redwood/functions/inngest")

PATIENCE: Final = 10.0
"""How long nothing may be found before somebody should be told, in seconds."""

_EAGER: Final = 0.25
_SETTLED: Final = 1.0
_PROBE_TIMEOUT: Final = 5.0
_CONNECT_TIMEOUT: Final = 0.5


class Finder:
    """Looks for apps, for as long as `run` runs.

    `pid` is the command, or None to look at the usual ports. `taken` are the origins that are not the command's, as
    somebody listened there before it. `urls` are the apps of the command if they are known.
    `interval` is how often an app is asked again where a reload cannot be seen, in seconds; None if never.
    """

    def __init__(
        self,
        executor: HTTPExecutor,
        discovery: Discovery,
        *,
        pid: int | None,
        taken: frozenset[str] = frozenset(),
        urls: Iterable[str] = (),
        interval: float | None,
        lost: Callable[[frozenset[str]], None],
    ) -> None:
        self._executor = executor
        self._discovery = discovery
        self._pid = pid
        self._given = tuple(urls)
        self._interval = interval
        self._lost: Callable[[frozenset[str]], None] | None = lost
        self._taken = taken
        self._known = Listeners()
        self._unsure: set[str] = set(self._given)
        self._found: set[str] = set(self._given)
        self._answered: set[str] = set()

    async def run(self) -> None:
        """Look, again and again, until cancelled."""
        clock = asyncio.get_running_loop().time
        began = asked = clock()
        while True:
            if self._interval is not None and not self._known.pids and clock() - asked > self._interval:
                self._unsure, asked = set(self._found), clock()
            await self.look()
            if self._lost is not None and clock() - began > PATIENCE:
                self._give_hint(self._lost)
            await asyncio.sleep(self._pace(clock() - began))

    async def look(self) -> None:
        """Look once, and ask whoever is new or may have changed to register."""
        await self._notice_changes()
        if not self._given:
            for origin in sorted(self._known.origins):
                await self._probe(origin)
        await self._ask()

    def _pace(self, elapsed: float) -> float:
        """How long to wait: little while something is about to come up."""
        if self._pid is None:
            return self._interval or _SETTLED
        return _EAGER if elapsed < PATIENCE or self._unsure else _SETTLED

    def _give_hint(self, lost: Callable[[frozenset[str]], None]) -> None:
        """Say once that no app was found, and where the command, or anybody, listens."""
        self._lost = None
        if Status.CONNECTED not in self._discovery.statuses.values():
            lost(self._known.origins)

    async def _notice_changes(self) -> None:
        """See who listens where. Other processes than before are a reload."""
        now = await self._listeners()
        if now.pids != self._known.pids and self._interval is not None:
            self._unsure |= self._found
        if now != self._known:
            self._answered = set()
        self._known = now

    async def _listeners(self) -> Listeners:
        found = None if self._pid is None else await asyncio.to_thread(listeners_of, self._pid)
        if found is None or (self._pid is not None and not found.origins and not self._given):
            return Listeners(await usual_origins(but=self._taken))
        return found

    async def _probe(self, origin: str) -> None:
        """See once whether there is an app at an origin. One that does not answer yet is tried again later."""
        if origin in self._answered or any(url.startswith(f"{origin}/") for url in self._found):
            return
        for path in PATHS:
            reply = await self._executor.get(origin + path, _PROBE_TIMEOUT)
            if reply.fault:
                return
            if headers.SDK in reply.headers or headers.SDK_HANDLED in reply.headers:
                self._found.add(origin + path)
                self._unsure.add(origin + path)
                break
        self._answered.add(origin)

    async def _ask(self) -> None:
        for url in tuple(self._unsure):
            status = await self._discovery.ask(url)
            if status in {Status.CONNECTED, Status.UNSUPPORTED, Status.FORGOTTEN}:
                self._unsure.discard(url)
            elif status is Status.NOT_FOUND and url not in self._given:
                self._forget(url)

    def _forget(self, url: str) -> None:
        """An app that was found is no longer under its path: look for another."""
        self._unsure.discard(url)
        self._found.discard(url)
        self._answered.clear()


async def usual_origins(but: frozenset[str] = frozenset()) -> frozenset[str]:
    """The usual origins at which anybody listens now. Those in `but` are left alone.

    Where the system tells who listens nobody is bothered. Who listens at both addresses of this machine counts once.
    """
    known = listening()
    found = await asyncio.gather(*(_origin(port, known) for port in dict.fromkeys((*PORTS, *_own_port()))))
    return frozenset(origin for origin in found if origin) - but


def _own_port() -> tuple[int, ...]:
    """The port that apps take which are started from the same shell as the dev server, if there is one."""
    port = read_variable("PORT") or ""
    return (int(port),) if port.isascii() and port.isdigit() else ()


async def _origin(port: int, known: frozenset[str] | None) -> str:
    """Where somebody listens at a port; empty if nobody does."""
    first, second = f"http://127.0.0.1:{port}", f"http://[::1]:{port}"
    if known is None:
        return first if await _is_open(port) else ""
    return first if first in known else second if second in known else ""


async def _is_open(port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
