"""The two drivers of a flow: one plain, one for coroutines. They differ in one `await`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from inngest_py.engine.effects import Effect, Flow

T = TypeVar("T")


def drive(flow: Flow[T], perform: Callable[[Effect], Any]) -> T:
    """Run a flow to its end, performing each effect. What performing raises is raised in the flow."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        flow.close()


async def adrive(flow: Flow[T], perform: Callable[[Effect], Awaitable[Any]]) -> T:
    """Run a flow to its end in a coroutine, awaiting each effect."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = await perform(effect)
            except Exception as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        flow.close()
