"""Dev servers that are killed with SIGKILL, as a program: one line of JSON on stdin for each life, lines on stdout.

    {"database": "dev.db", "port": 8288, "moment": "flushed", "number": 3, "microseconds": 150000}

All is imported once, and every life is a process that is forked off from this one: to start a server is cheap, and to
kill it is real. It dies at a `moment`:

    starting    so many microseconds after its birth, whatever it does then
    serving     so many microseconds after it has begun to answer requests
    written     when it has written a transaction for the `number`th time, and not ended it
    flushed     when a transaction is on the disk for the `number`th time, and nobody knows yet
    calling     when it is about to call the app for the `number`th time
    answered    when the app has answered for the `number`th time, and nothing is stored yet

After so many microseconds of serving it dies in any case. The answers are `{"ready": true}` and
`{"ended": <signal or exit code>}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn.lifespan.off
import uvicorn.protocols.http.auto
import uvicorn.protocols.websockets.auto  # noqa: F401 - what uvicorn imports late is imported here, once

from inngest_py.dev.decisions import Call, Change
from inngest_py.dev.executor import HTTPExecutor
from inngest_py.dev.options import Options
from inngest_py.dev.reply import Reply
from inngest_py.dev.server import DevServer
from inngest_py.dev.store.sqlite import SQLiteStore


def watch(passed: Callable[[str], None]) -> None:
    """Have the server say when it passes a moment. This process is its own, and has not long to live."""
    write, flush, call = SQLiteStore.write, SQLiteStore.flush, HTTPExecutor.call

    def mortal_write(self: SQLiteStore, changes: Sequence[Change]) -> None:
        write(self, changes)
        passed("written")

    def mortal_flush(self: SQLiteStore) -> None:
        flush(self)
        passed("flushed")

    async def mortal_call(self: HTTPExecutor, made: Call) -> Reply:
        passed("calling")
        reply = await call(self, made)
        passed("answered")
        return reply

    for owner, name, method in (
        (SQLiteStore, "write", mortal_write),
        (SQLiteStore, "flush", mortal_flush),
        (HTTPExecutor, "call", mortal_call),
    ):
        setattr(owner, name, method)


async def live(order: dict[str, Any], ready: int) -> None:
    left = order["number"]

    def passed(moment: str) -> None:
        nonlocal left
        if moment == order["moment"]:
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    watch(passed)
    options = Options(
        port=order["port"], urls=tuple(order["urls"]), poll=False, persist=Path(order["database"]), retry_interval=0.05
    )
    server = DevServer(options)
    await server.start()
    os.write(ready, b"ready")
    await server.serve()


def bear(order: dict[str, Any]) -> tuple[int, int]:
    """Fork off a server; give its process id, and a pipe that tells when it is ready and is closed when it is dead."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writes)
        return pid, reads
    try:
        os.close(reads)
        asyncio.run(live(order, writes))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def attend(order: dict[str, Any], pid: int, pipe: int) -> None:
    """Kill a server when it is time, unless it dies by itself before."""
    moment, seconds = order["moment"], order["microseconds"] / 1e6
    deadline = time.monotonic() + seconds if moment == "starting" else None
    while True:
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        if not any(select.select([pipe], [], [], left)):
            os.kill(pid, signal.SIGKILL)
            return
        if not os.read(pipe, 100):
            return
        say({"ready": True})
        if moment != "starting":
            deadline = time.monotonic() + seconds


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        pid, pipe = bear(order)
        attend(order, pid, pipe)
        os.close(pipe)
        _, status = os.waitpid(pid, 0)
        say({"ended": os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)})


if __name__ == "__main__":
    main()
