"""Several functions together in virtual time: send events, let time pass, look at the runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from inngest_py.client import Inngest
from inngest_py.errors import UsageError
from inngest_py.function import Function
from inngest_py.testing.apps import clients_of, id_of
from inngest_py.testing.driving import Flow, aplay, play
from inngest_py.testing.feeding import Fed
from inngest_py.testing.moments import MAX_CALLS, START, moment_of, span_of
from inngest_py.testing.results import Run
from inngest_py.testing.stage import Stage
from inngest_py.testing.stubbing import Stubs, refuse_unknown
from inngest_py.wire.event import Event


def _every_trigger(_function_id: str, _trigger: object) -> bool:
    return True


class Engine:
    """The functions of one or several clients, with the dev server's scheduler on a virtual clock.

    Nothing happens until time is let pass; then every call is made in this process, and no server, network, file or
    thread outlives it. `start` is when time begins, `steps` are stubs by step id. Each run that ends is replayed, and
    DivergenceError raised if it did something else then; `check_replays=False` leaves that out. After `max_calls`
    something is taken to go round in circles.
    """

    def __init__(
        self,
        clients: Inngest | Iterable[Inngest],
        *,
        start: datetime = START,
        steps: Mapping[str, Any] | None = None,
        check_replays: bool = True,
        max_calls: int = MAX_CALLS,
    ) -> None:
        self._stubs: Final = Stubs(steps)
        self._stage: Final = Stage(start, self._stubs, max_calls)
        self._checks: Final = check_replays
        for client in clients_of(clients):
            self._stage.mount(client, _every_trigger)

    def __repr__(self) -> str:
        """Show the time and the runs."""
        return f"<Engine at {self.now:%Y-%m-%d %H:%M:%S}, {len(self.runs)} runs>"

    @property
    def now(self) -> datetime:
        """The virtual time, in UTC."""
        return moment_of(self._stage.now())

    @property
    def runs(self) -> Sequence[Run]:
        """All runs, oldest first."""
        return self._stage.runs()

    def runs_of(self, function: Function[Any]) -> Sequence[Run]:
        """The runs of one function, oldest first."""
        return self._stage.runs(id_of(function))

    def stub(self, step_id: str, stub: Any, *, function: Function[Any] | None = None) -> None:
        """Give a step a stub: in one function, or wherever a step has that id."""
        self._stubs.add("" if function is None else id_of(function), step_id, stub)

    def send(self, *events: Event[Any]) -> list[str]:
        """Send events now, and give their ids. What they start happens when time is let pass."""
        for event in events:
            if not isinstance(event, Event):
                raise UsageError(f"engine.send takes Events, not {event!r}: write Event(name=..., data=...)")
        return self._stage.send(events)

    def feed(self, *fed: Fed) -> None:
        """Have events and signals come later: `testing.event(..., after="2h")`, `testing.signal(...)`."""
        self._stage.feed(fed)

    def advance(self, duration: str | timedelta) -> None:
        """Let so much time pass, and all happen that happens meanwhile."""
        play(self._until(self._stage.now() + span_of(duration)), "engine.aadvance(...)")

    async def aadvance(self, duration: str | timedelta) -> None:
        """Do the same as `advance` in a coroutine."""
        await aplay(self._until(self._stage.now() + span_of(duration)))

    def run_until_idle(self) -> None:
        """Let time pass until no run goes on and nothing is to come but schedules.

        Raises UsageError for the stub of a step that no function has.
        """
        play(self._until(None), "engine.arun_until_idle()")

    async def arun_until_idle(self) -> None:
        """Do the same as `run_until_idle` in a coroutine."""
        await aplay(self._until(None))

    def _until(self, end: int | None) -> Flow[None]:
        yield from self._stage.until(end)
        if self._checks:
            yield from self._stage.check_replays()
        if end is None:
            refuse_unknown(self._stubs.unused(), self._stage.met(), self._stage.functions())
