"""Random step programs give the same result here as in a reference interpreter, whatever the order of completion."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from inngest_py import Context, ContextSync, Handler, StepError, TriggerEvent
from played import Played, make_client

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


@dataclass(frozen=True)
class Run:
    """A step that fails so many times, and then returns its value."""

    id: str
    value: int
    fails: int = 0


@dataclass(frozen=True)
class Nap:
    id: str


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Together:
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Rescue:
    """Try one program, and another one if a step in it fails for good."""

    part: Any
    fallback: Any


@dataclass(frozen=True)
class Choice:
    """Do the second program if the first one's result is true."""

    test: Any
    then: Any


IDS = st.sampled_from(["alpha", "beta", "gamma", "delta"])
MAX_ATTEMPTS = 3
LEAVES = st.builds(Run, IDS, st.integers(0, 3), st.sampled_from([0, 0, 0, 1, 2, MAX_ATTEMPTS])) | st.builds(Nap, IDS)


def _grow(parts):
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return (
        st.builds(Sequence, several)
        | st.builds(Together, several)
        | st.builds(Rescue, parts, parts)
        | st.builds(Choice, parts, parts)
    )


PROGRAMS = st.recursive(LEAVES, _grow, max_leaves=8)


class FailedError(Exception):
    """A step failed for good, in the reference interpreter."""


def reference(program) -> Any:
    """What a program means, with nothing in between."""
    match program:
        case Run(_, value, fails):
            if fails >= MAX_ATTEMPTS:
                raise FailedError
            return value
        case Nap():
            return None
        case Sequence(parts):
            return [reference(part) for part in parts]
        case Together(parts):
            return reference_together(parts)
        case Rescue(part, fallback):
            try:
                return reference(part)
            except FailedError:
                return reference(fallback)
        case Choice(test, then):
            return reference(then) if reference(test) else 0


def reference_together(parts) -> list[Any]:
    results, failed = [], None
    for part in parts:
        try:
            results.append(reference(part))
        except FailedError as error:
            failed = error
    if failed is not None:
        raise failed
    return results


class Interpreter:
    """Runs a program with steps, and counts what its handlers did."""

    def __init__(self, *, native: bool) -> None:
        self.native = native
        self.succeeded: list[int] = []
        self.tried: dict[int, int] = {}

    def _handle(self, step: Run) -> int:
        self.tried[id(step)] = self.tried.get(id(step), 0) + 1
        if self.tried[id(step)] <= step.fails:
            raise ValueError("not yet")
        self.succeeded.append(id(step))
        return step.value

    async def _ahandle(self, step: Run) -> int:
        await asyncio.sleep(0)
        return self._handle(step)

    async def run(self, ctx: Context, program) -> Any:
        match program:
            case Run(name):
                return await ctx.step.run(name, self._ahandle, program)
            case Nap(name):
                return await ctx.step.sleep(name, "1h")
            case Sequence(parts):
                return [await self.run(ctx, part) for part in parts]
            case Together(parts) if self.native:
                results = await asyncio.gather(*[self.run(ctx, part) for part in parts], return_exceptions=True)
                for result in results:
                    if isinstance(result, BaseException):
                        raise result
                return results
            case Together(parts):
                return list(await ctx.group.parallel([lambda part=part: self.run(ctx, part) for part in parts]))
            case Rescue(part, fallback):
                try:
                    return await self.run(ctx, part)
                except StepError:
                    return await self.run(ctx, fallback)
            case Choice(test, then):
                return await self.run(ctx, then) if await self.run(ctx, test) else 0

    def run_sync(self, ctx: ContextSync, program) -> Any:
        match program:
            case Run(name):
                return ctx.step.run(name, self._handle, program)
            case Nap(name):
                return ctx.step.sleep(name, "1h")
            case Sequence(parts):
                return [self.run_sync(ctx, part) for part in parts]
            case Together(parts):
                return list(ctx.group.parallel([lambda part=part: self.run_sync(ctx, part) for part in parts]))
            case Rescue(part, fallback):
                try:
                    return self.run_sync(ctx, part)
                except StepError:
                    return self.run_sync(ctx, fallback)
            case Choice(test, then):
                return self.run_sync(ctx, then) if self.run_sync(ctx, test) else 0


def fresh_ids(program, counter) -> Any:
    """Give every step an id of its own: equal ids in parallel branches have no fixed order."""
    match program:
        case Run(_, value, fails):
            return Run(f"run-{next(counter)}", value, fails)
        case Nap():
            return Nap(f"nap-{next(counter)}")
        case Sequence(parts):
            return Sequence(tuple(fresh_ids(part, counter) for part in parts))
        case Together(parts):
            return Together(tuple(fresh_ids(part, counter) for part in parts))
        case Rescue(part, fallback):
            return Rescue(fresh_ids(part, counter), fresh_ids(fallback, counter))
        case Choice(test, then):
            return Choice(fresh_ids(test, counter), fresh_ids(then, counter))


def played(program, colour: str, data) -> tuple[Played, Interpreter]:
    client = make_client()
    interpreter = Interpreter(native=colour == "native")
    if colour == "plain":

        @client.create_function(fn_id="program", trigger=TriggerEvent(event="test/event"))
        def plain(ctx: ContextSync):
            return interpreter.run_sync(ctx, program)
    else:

        @client.create_function(fn_id="program", trigger=TriggerEvent(event="test/event"))
        async def coroutine(ctx: Context):
            return await interpreter.run(ctx, program)

    run = Played(
        Handler(client, framework="test"),
        "app-program",
        choose=lambda count: data.draw(st.integers(0, count - 1)) if count > 1 else 0,
        max_attempts=MAX_ATTEMPTS,
    )
    return run.play(), interpreter


@pytest.mark.parametrize("colour", ["plain", "native", "group"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_program_ends_as_the_reference_says_and_no_successful_step_runs_twice(colour, data):
    program = fresh_ids(data.draw(PROGRAMS), iter(range(1000)))

    run, interpreter = played(program, colour, data)

    try:
        expected = ("completed", reference(program))
    except FailedError:
        expected = ("failed", None)
    assert (run.status, run.output if run.status == "completed" else None) == expected
    assert len(interpreter.succeeded) == len(set(interpreter.succeeded))
