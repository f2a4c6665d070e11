"""One function in virtual time: from its event to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, cast

from inngest_py.client import Inngest
from inngest_py.config.event_type import EventType
from inngest_py.config.trigger import Trigger, TriggerCron
from inngest_py.dev import model
from inngest_py.dev.duration import iso
from inngest_py.dev.ingest import invoke_event
from inngest_py.dev.internal import timer_event
from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import RunSkipped
from inngest_py.errors import UsageError
from inngest_py.function import FAILED_EVENT, Function
from inngest_py.testing.apps import client_of, clients_of
from inngest_py.testing.driving import Flow, aplay, play
from inngest_py.testing.feeding import Fed
from inngest_py.testing.moments import START
from inngest_py.testing.results import Run
from inngest_py.testing.stage import Stage
from inngest_py.testing.stubbing import Stubs, refuse_unknown
from inngest_py.wire.codec import encode
from inngest_py.wire.event import Event

Given: TypeAlias = Event[Any] | Sequence[Event[Any]] | None
"""What triggers a run."""


def run(
    function: Function[Any],
    event: Given = None,
    *,
    steps: Mapping[str, Any] | None = None,
    feed: Sequence[Fed] = (),
    start: datetime = START,
    clients: Inngest | Iterable[Inngest] = (),
    check_replays: bool = True,
) -> Run:
    """Run a function to its end, in virtual time, and give what came of it.

    `event` is what triggers it: an event with no data if none is given; several for a function that takes batches; a
    schedule needs none. `steps` are stubs by step id: a value, an exception, a callable, or what `stub`, `fails`,
    `sequence` and `value` make; other steps are executed. `feed` is what comes from outside meanwhile. `clients` are
    those of other apps whose functions may be invoked; functions of the same app are, too, but no event starts them.

    Raises UsageError for what cannot happen in a test, saying what to do, and DivergenceError for a function that does
    something else when it is replayed, unless `check_replays=False`.
    """
    test = _Test(
        function=function,
        event=event,
        stubs=Stubs(steps),
        feed=feed,
        start=start,
        clients=clients,
        check_replays=check_replays,
    )
    return play(test.play(), "testing.arun(...)")


async def arun(
    function: Function[Any],
    event: Given = None,
    *,
    steps: Mapping[str, Any] | None = None,
    feed: Sequence[Fed] = (),
    start: datetime = START,
    clients: Inngest | Iterable[Inngest] = (),
    check_replays: bool = True,
) -> Run:
    """Do the same as `run` in a coroutine, on the loop that is running."""
    test = _Test(
        function=function,
        event=event,
        stubs=Stubs(steps),
        feed=feed,
        start=start,
        clients=clients,
        check_replays=check_replays,
    )
    return await aplay(test.play())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """What a test of one function was told."""

    function: Function[Any]
    event: Given
    stubs: Stubs
    feed: Sequence[Fed]
    start: datetime
    clients: Inngest | Iterable[Inngest]
    check_replays: bool

    def play(self) -> Flow[Run]:
        """Start the function, let time pass, and look at what came of it."""
        stage = Stage(self.start, self.stubs)
        for client in self._clients():
            stage.mount(client, self._keeps)
        self._trigger(stage)
        stage.feed(self.feed)
        yield from stage.until(None)
        if self.check_replays:
            yield from stage.check_replays()
        first, *others = self._found(stage)
        self._check(stage, first)
        return replace(first, others=tuple(others))

    def _keeps(self, function_id: str, trigger: Mapping[str, Any]) -> bool:
        """The function keeps its triggers, but for schedules. Others are started by being invoked, or by a failure."""
        own = function_id == self.function.id and "event" in trigger
        return own or (trigger.get("event") == FAILED_EVENT and function_id in self._failure_functions())

    def _failure_functions(self) -> set[str]:
        functions = [function for client in self._clients() for function in client.functions]
        return {function.on_failure.id for function in functions if function.on_failure is not None}

    def _clients(self) -> Sequence[Inngest]:
        return [client_of(self.function), *clients_of(self.clients)]

    def _trigger(self, stage: Stage) -> None:
        """Let happen what starts the function."""
        triggers = self.function.declaration.triggers
        names = [name for name in map(_event_name, triggers) if name]
        crons = [trigger.cron for trigger in triggers if isinstance(trigger, TriggerCron)]
        given = _listed(self.event)
        if names and (given or not crons):
            stage.send(self._fitting(names, given or [Event(name=names[0])]))
        elif crons and not given:
            stage.invoke(self.function.id, _scheduled(stage, crons[0]))
        else:
            body = encode({"data": given[0].data if given else {}})
            event = invoke_event(body, self.function.id, stage.now(), stage.simulation.ids)
            stage.invoke(self.function.id, event)

    def _fitting(self, names: Sequence[str], events: Sequence[Event[Any]]) -> Sequence[Event[Any]]:
        """The events. Raises UsageError for one that does not trigger the function."""
        for event in events:
            if not any(_fits(name, event.name) for name in names):
                raise UsageError(
                    f'the event "{event.name}" does not trigger {self.function.id}, which is triggered by '
                    f"{', '.join(map(repr, names))}"
                )
        return events

    def _found(self, stage: Stage) -> list[Run]:
        """The runs, the one of the function first. Raises UsageError if there is none."""
        runs = stage.runs()
        first = next((found for found in runs if found.function == self.function.id), None)
        if first is None:
            skipped = [notice for notice in stage.simulation.notices if isinstance(notice, RunSkipped)]
            reason = f"it is {skipped[0].reason}" if skipped else "the condition of its trigger does not hold for it"
            raise UsageError(f"the event starts no run of {self.function.id}: {reason}")
        return [first, *(found for found in runs if found.id != first.id)]

    def _check(self, stage: Stage, first: Run) -> None:
        """Raise UsageError for a stub or an event that cannot have been meant so."""
        ran = {found.function for found in stage.runs()}
        functions = [function for function in stage.functions() if function.id in ran]
        refuse_unknown(self.stubs.unused(), stage.met(), functions)
        if first.status is RunStatus.COMPLETED and stage.unfed():
            fed, condition = stage.unfed()[0]
            reason = "did the run take another way, or does it wait for another name?"
            if condition:
                reason = f"the condition of a wait does not hold for it, which is {condition}."
            raise UsageError(
                f"nothing has waited for the {fed}, which was fed without a time: {reason} "
                f'With after="1h" it comes in any case\n{first}'
            )


def _listed(given: Given) -> Sequence[Event[Any]]:
    """The events that a test was given. Raises UsageError for what is none."""
    found = [] if given is None else [*given] if isinstance(given, list | tuple) else [given]
    for event in found:
        if not isinstance(event, Event):
            raise UsageError(
                f"a run is triggered by an Event or several, not {event!r}: write Event(name=..., data=...)"
            )
    return cast("Sequence[Event[Any]]", found)


def _scheduled(stage: Stage, cron: str) -> model.Event:
    """The event of a schedule that fires now."""
    now, moment = stage.now(), iso(stage.now())
    return timer_event(cron, moment, moment, now, stage.simulation.ids.ulid(now))


def _event_name(trigger: Trigger) -> str | None:
    return trigger.name if isinstance(trigger, EventType) else getattr(trigger, "event", None)


def _fits(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.endswith(("/*", ".*", "*")) and name.startswith(pattern[:-1]))
