"""The command that was given after `--`: a child process that lives no longer than the dev server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from inngest_py.errors import ConfigError

GRACE: Final = 5.0
"""How long a child may take to end after each signal, in seconds."""

_TETHER: Final = str(Path(__file__).with_name("tether.py"))
_SIGNALLED: Final = 128


def _tethered(command: Sequence[str]) -> Sequence[str]:
    """The command so that the system ends it when we die without being able to, where the system can do that."""
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", _TETHER, str(os.getpid()), *command)


class Child:
    """A running command. It does not outlive us: on Linux not even if we are killed outright.

    At a terminal it shares our process group, so that a debugger can be typed into, and Ctrl-C reaches it by itself.
    Elsewhere it has a group of its own, which gets the signals that we get.
    """

    def __init__(self, process: Process, *, own_group: bool) -> None:
        self._process: Final = process
        self._own_group: Final = own_group

    @classmethod
    async def start(cls, command: Sequence[str], environ: Mapping[str, str], stdout: IO[str] | None = None) -> Child:
        """Start a command. Raises ConfigError if it cannot be."""
        own_group = os.name == "posix" and not os.isatty(0)
        if shutil.which(command[0], path=environ.get("PATH")) is None:
            raise ConfigError(f'"{command[0]}" cannot be started: there is no such command')
        try:
            process = await asyncio.create_subprocess_exec(
                *_tethered(command), env=environ, stdout=stdout, process_group=0 if own_group else None
            )
        except OSError as error:
            raise ConfigError(f'"{command[0]}" cannot be started: {error.strerror or error}') from None
        return cls(process, own_group=own_group)

    @property
    def pid(self) -> int:
        """The id of the process, and of its group if it has one of its own."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the end. Returns the exit code as a shell gives it: 128 and the number of a signal that ended it."""
        code = await self._process.wait()
        return code if code >= 0 else _SIGNALLED - code

    async def stop(self, number: int, hurry: Awaitable[object] | None = None) -> None:
        """Pass a signal on, and insist if that does not help: after a while, or at once when `hurry` is over."""
        hurried = asyncio.ensure_future(asyncio.Event().wait() if hurry is None else hurry)
        reached_by_terminal = number == signal.SIGINT and not self._own_group
        if not reached_by_terminal:
            self._send(number)
        if not await self._ends(hurried) and self._send(signal.SIGTERM) and not await self._ends(hurried):
            self._process.kill()
        hurried.cancel()
        self.clean_up()

    async def _ends(self, hurried: asyncio.Future[object]) -> bool:
        ended = asyncio.ensure_future(self._process.wait())
        await asyncio.wait((ended, hurried), timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        return self._process.returncode is not None

    def clean_up(self) -> None:
        """End what the command has left behind in its group."""
        if self._own_group:
            self._send(signal.SIGTERM)

    def _send(self, number: int) -> bool:
        """Send a signal to the process, or to its group. Returns whether there was anybody to take it."""
        try:
            if self._own_group:
                os.killpg(self.pid, number)
            else:
                self._process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            return False
        return True
