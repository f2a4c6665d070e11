"""`inngest-py dev`: a dev server, and perhaps a command beside it, from the start to Ctrl-C."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from inngest_py.dev.child import Child
from inngest_py.dev.discovery import Discovery, Status
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.finder import PATIENCE, Finder, usual_origins
from inngest_py.dev.notices import AppUnreachable, Notice
from inngest_py.dev.options import Options
from inngest_py.dev.server import DevServer
from inngest_py.dev.terminal import JSONLog, Log
from inngest_py.wire.signing import SigningKey

_SIGNALS: Final = tuple(each for each in signal.Signals if each.name in {"SIGINT", "SIGTERM", "SIGHUP"})
_MOMENT: Final = 0.5
_INTERRUPTED: Final = 128 + signal.SIGINT


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What `inngest-py dev` was asked for. `environ` makes the environment of the command, given the server's URL."""

    options: Options
    log: Log | JSONLog
    environ: Callable[[str], Mapping[str, str]]
    command: Sequence[str] = ()
    discover: bool = True

    async def run(self) -> int:
        """Run until a signal comes or the command ends; return the exit code. Raises ConfigError."""
        # The apps of a command are not for the server to watch: they are asked once it is up, and when it has reloaded.
        options = replace(self.options, urls=()) if self.command else self.options
        stop = Stop()
        server = DevServer(options, observe=stop.unless_broken(self.log.notice), hold=bool(self.command))
        await server.start()
        failing = asyncio.create_task(stop.on_failure(server.engine.failure()))
        try:
            with stop.on_signals():
                code = await (self._with_command(server, stop) if self.command else self._alone(server, stop))
            return 1 if stop.failed else code
        finally:
            failing.cancel()
            await server.stop()

    async def _alone(self, server: DevServer, stop: Stop) -> int:
        self.log.start(server.url, self.options)
        if not self.discover or self.options.urls:
            await stop.wait()
            return 0
        async with self._finding(server, lost=partial(self._none_yet, server)):
            await stop.wait()
        return 0

    def _none_yet(self, server: DevServer, _: frozenset[str]) -> None:
        """Say that there is no app yet, unless one has registered by itself."""
        if not server.engine.state.apps:
            self.log.say("app", "no Inngest app found yet at the usual ports; looking on. Give the URL of one with -u")

    async def _with_command(self, server: DevServer, stop: Stop) -> int:
        taken = await usual_origins()
        for_programs = isinstance(self.log, JSONLog)
        if for_programs:
            self.log.start(server.url, self.options)
        child = await Child.start(self.command, self._environ(server.url), sys.stderr if for_programs else None)
        ended, stopped = asyncio.create_task(child.wait()), asyncio.create_task(stop.wait())
        # Of a command that ends at once nothing is said but that: what it said itself must not be lost in a banner.
        await asyncio.wait((ended, stopped), timeout=_MOMENT, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            if not for_programs:
                self.log.start(server.url, self.options)
            self.log.say("command", shlex.join(self.command))
            async with self._finding(server, child, taken, lost=partial(self._lost, server)):
                await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        server.engine.abandon()
        if not ended.done():
            await child.stop(stop.number, stop.again())
        child.clean_up()
        code = await ended
        if stop.is_set or code == _INTERRUPTED:
            return 0
        self.log.say("command", f"{shlex.join(self.command)} ended by itself, with exit code {code}")
        return code

    def _environ(self, url: str) -> Mapping[str, str]:
        keys = {
            "INNGEST_SIGNING_KEY": self.options.signing_key,
            "INNGEST_EVENT_KEY": next(iter(self.options.event_keys), None),
        }
        signed = {"INNGEST_DEV": "0", "INNGEST_BASE_URL": url} if self.options.signing_key else {}
        return {**self.environ(url), **signed, **{name: key for name, key in keys.items() if key}}

    @asynccontextmanager
    async def _finding(
        self,
        server: DevServer,
        child: Child | None = None,
        taken: frozenset[str] = frozenset(),
        *,
        lost: Callable[[frozenset[str]], None],
    ) -> AsyncGenerator[None]:
        """Look for apps meanwhile."""
        options = self.options
        executor = HTTPExecutor(_now, SigningKey(options.signing_key) if options.signing_key else None)
        discovery = Discovery(
            (),
            executor.put,
            interval=None,
            clock=_now,
            observe=_unless_starting(server.engine.tell),
            problems=server.problems,
            forgotten=server.forgotten,
            registrations=lambda: server.engine.registrations,
        )
        finder = Finder(
            executor,
            discovery,
            pid=None if child is None else child.pid,
            taken=taken,
            urls=options.urls if child else (),
            interval=options.poll_interval if options.poll else None,
            lost=lost,
        )
        task = asyncio.create_task(finder.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            executor.stop()

    def _lost(self, server: DevServer, origins: frozenset[str]) -> None:
        """Say that the command has no app that could be found, unless one has registered by itself."""
        if not server.engine.is_held:
            return
        server.engine.release()
        where = f"it listens at {', '.join(sorted(origins))}" if origins else "it does not listen anywhere yet"
        self.log.say("command", f"no Inngest app found after {PATIENCE:.0f} s; {where}. Give the app's URL with -u")


class Stop:
    """Whether to stop, and because of which signal."""

    def __init__(self) -> None:
        self.number: int = signal.SIGTERM
        self.failed = False
        self._said = ""
        self._event: Final = asyncio.Event()
        self._again: Final = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it is time to stop."""
        await self._event.wait()

    async def again(self) -> None:
        """Wait for another Ctrl-C: somebody is in a hurry."""
        await self._again.wait()

    @contextmanager
    def on_signals(self) -> Generator[None]:
        """Stop on Ctrl-C and the like. Where event loops know no signals, nothing changes."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._set, number)
        try:
            yield
        finally:
            with suppress(NotImplementedError):
                for number in _SIGNALS:
                    loop.remove_signal_handler(number)

    async def on_failure(self, failure: Awaitable[None]) -> None:
        """Stop once the server cannot go on: what it would accept then, it would forget."""
        await failure
        self.failed = True
        self._set(signal.SIGTERM)

    def unless_broken(self, show: Callable[[Notice], None]) -> Callable[[Notice], None]:
        """Stop when nobody reads the output any more."""

        def shown(notice: Notice) -> None:
            try:
                show(notice)
            except BrokenPipeError:
                self._set(signal.SIGTERM)
            except OSError as error:
                self._say_once(f"inngest-py: the log cannot be written: {error.strerror or error}")

        return shown

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            with suppress(OSError):
                sys.stderr.write(f"{text}\n")

    def _set(self, number: int) -> None:
        if self.is_set:
            self._again.set()
            return
        self.number = number
        self._event.set()


def _unless_starting(show: Callable[[Notice], None]) -> Callable[[Notice], None]:
    """Leave out that an app does not answer: it is starting, or reloading, or the command's end will be told."""

    def shown(notice: Notice) -> None:
        if not (isinstance(notice, AppUnreachable) and notice.code == Status.UNREACHABLE):
            show(notice)

    return shown


def _now() -> int:
    return time.time_ns() // 1_000_000
