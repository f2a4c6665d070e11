"""Random step programs give the same result here as in a reference interpreter, whatever the order of completion."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from inngest_py import Checkpointing, Context, ContextSync, Handler, Inngest, StepError, TriggerEvent
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
    """Runs a program with steps, and counts what its handlers did. A step fails in its first attempts."""

    def __init__(self, *, native: bool) -> None:
        self.native = native
        self.succeeded: Counter[str] = Counter()

    def _handle(self, step: Run, attempt: int) -> int:
        if attempt < step.fails or step.fails >= MAX_ATTEMPTS:
            raise ValueError("not yet")
        self.succeeded[hashlib.sha1(step.id.encode()).hexdigest()] += 1
        return step.value

    async def _ahandle(self, step: Run, attempt: int) -> int:
        await asyncio.sleep(0)
        return self._handle(step, attempt)

    async def run(self, ctx: Context, program) -> Any:
        match program:
            case Run(name):
                return await ctx.step.run(name, self._ahandle, program, ctx.attempt)
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
                return list(await ctx.group.parallel([partial(self.run, ctx, part) for part in parts]))
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
                return ctx.step.run(name, self._handle, program, ctx.attempt)
            case Nap(name):
                return ctx.step.sleep(name, "1h")
            case Sequence(parts):
                return [self.run_sync(ctx, part) for part in parts]
            case Together(parts):
                return list(ctx.group.parallel([partial(self.run_sync, ctx, part) for part in parts]))
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


def declare(program, colour: str, **options: Any) -> tuple[Inngest, Interpreter]:
    client = make_client(**options)
    interpreter = Interpreter(native=colour == "native")
    if colour == "plain":

        @client.create_function(fn_id="program", trigger=TriggerEvent(event="test/event"))
        def plain(ctx: ContextSync):
            return interpreter.run_sync(ctx, program)
    else:

        @client.create_function(fn_id="program", trigger=TriggerEvent(event="test/event"))
        async def coroutine(ctx: Context):
            return await interpreter.run(ctx, program)

    return client, interpreter


def fate(data, *, mishaps: int = 6) -> dict[str, Any]:
    """In which order requests are made, and what happens to some of them on the way."""
    left = iter(range(mishaps))

    def mishap() -> bool:
        return data.draw(st.integers(0, 4)) == 4 and next(left, None) is not None

    return {
        "choose": lambda count: data.draw(st.integers(0, count - 1)) if count > 1 else 0,
        "repeat": mishap,
        "lose": mishap,
        "max_attempts": MAX_ATTEMPTS,
    }


def expected(program) -> tuple[str, Any]:
    try:
        return "completed", reference(program)
    except FailedError:
        return "failed", None


def came(run: Played) -> tuple[str, Any]:
    return run.status, run.output if run.status == "completed" else None


COLOURS = pytest.mark.parametrize("colour", ["plain", "native", "group"])
RANDOMLY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@COLOURS
@settings(RANDOMLY, max_examples=80)
@given(data=st.data())
def test_a_program_ends_as_the_reference_says_and_a_step_runs_again_only_where_its_result_was_lost(colour, data):
    program = fresh_ids(data.draw(PROGRAMS), iter(range(1000)))
    client, interpreter = declare(program, colour)

    run = Played(Handler(client, framework="test"), "app-program", **fate(data)).play()

    assert came(run) == expected(program)
    stored = Counter(op["id"] for op in run.ops if op["op"] == "StepRun")
    assert set(stored.values()) <= {1}
    assert interpreter.succeeded == stored + Counter(run.wasted)


class Checkpointed(Played):
    """A run whose server saves results on the way, if it is not in trouble."""

    def __init__(self, handler: Handler, saved: list[list[dict]], **options: Any) -> None:
        super().__init__(handler, "app-program", ids={"fn_id": "F", "qi_id": "Q"}, **options)
        self.saved = saved
        self.counted: Counter[str] = Counter()

    def _send(self, request):
        return asyncio.run(self.handler.ahandle(request))

    def _ask(self, job):
        response = super()._ask(job)
        for op in (op for ops in self.saved for op in ops):
            self.counted[op["id"]] += 1
            job.attempt = 0
            if op["id"] not in self.steps:
                self.steps[op["id"]] = {"data": op["data"]}
                self.stack.append(op["id"])
        self.saved.clear()
        return response


@COLOURS
@settings(RANDOMLY, max_examples=60)
@given(data=st.data(), buffered=st.integers(1, 3))
def test_several_steps_in_a_request_change_nothing_however_often_saving_fails(colour, data, buffered):
    program = fresh_ids(data.draw(PROGRAMS), iter(range(1000)))
    trouble = iter(data.draw(st.lists(st.booleans(), max_size=20)))
    saved: list[list[dict]] = []

    def api(request: httpx.Request) -> httpx.Response:
        if next(trouble, False):
            return httpx.Response(413)
        saved.append(json.loads(request.content)["steps"])
        return httpx.Response(200)

    client, interpreter = declare(
        program,
        colour,
        http_client=httpx.Client(transport=httpx.MockTransport(api)),
        checkpointing=Checkpointing(buffered_steps=buffered),
    )

    run = Checkpointed(Handler(client, framework="test"), saved, **fate(data, mishaps=0))
    run.play()

    assert came(run) == expected(program)
    answered = Counter(op["id"] for op in run.ops if op["op"] == "StepRun")
    assert set(interpreter.succeeded.values()) <= {1}
    assert set(interpreter.succeeded) == set(answered + run.counted)
