"""The two ways to play a test to its end: in plain code, and in a coroutine. They differ in who calls the handler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from inngest_py.errors import UsageError
from inngest_py.handler import Handler
from inngest_py.testing.colours import a_loop, asgiref_in_use, this_loop
from inngest_py.testing.journal import Journal, current_journal
from inngest_py.transport import answered_by
from inngest_py.wire.http import Request, Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to an app about a run; `server` answers what the app asks meanwhile."""

    handler: Handler
    request: Request
    server: Callable[[Request], Response]
    journal: Journal

    @contextmanager
    def going_on(self) -> Generator[None]:
        """While the app answers: it reaches no other server, and what it logs is the run's."""
        token = current_journal.set(self.journal)
        try:
            with answered_by(self.server):
                yield
        finally:
            current_journal.reset(token)


Flow: TypeAlias = Generator[Ask, Response, T]
"""A test that asks apps, and ends in a T."""


def play(flow: Flow[T], alternative: str) -> T:
    """Play a test in plain code. Raises UsageError in a running loop, where the `alternative` is to be awaited."""
    if _in_loop():
        flow.close()
        raise UsageError(f"an event loop is running here: write await {alternative} instead")
    asgiref = asgiref_in_use()
    if asgiref is not None:
        return cast("T", asgiref.async_to_sync(aplay)(flow))
    with a_loop():
        try:
            ask = next(flow)
            while True:
                with ask.going_on():
                    response = ask.handler.handle(ask.request)
                ask = flow.send(response)
        except StopIteration as end:
            return cast("T", end.value)


async def aplay(flow: Flow[T]) -> T:
    """Play a test in a coroutine, on the loop that is running."""
    with this_loop():
        try:
            ask = next(flow)
            while True:
                with ask.going_on():
                    response = await ask.handler.ahandle(ask.request)
                ask = flow.send(response)
        except StopIteration as end:
            return cast("T", end.value)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
