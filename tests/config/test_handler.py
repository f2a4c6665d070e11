"""The functions that can be declared, and those that could never be called."""

from __future__ import annotations

import functools
import inspect
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from inngest_py import ConfigError, Inngest, TriggerEvent

PLACED = TriggerEvent(event="order/placed")


@pytest.fixture
def client() -> Inngest:
    return Inngest(app_id="shop", is_production=False)


def no_argument() -> None: ...


def two_arguments(ctx, step) -> None: ...


def keyword(ctx, *, step) -> None: ...


async def async_two(ctx, step) -> None: ...


def generator(ctx):
    yield ctx


async def async_generator(ctx):
    yield ctx


class Methods:
    def method(self, ctx) -> None: ...

    @classmethod
    def of_class(cls, ctx) -> None: ...

    @staticmethod
    def of_nobody(ctx) -> None: ...

    def __call__(self, ctx) -> None: ...


class Yielding:
    def __call__(self, ctx):
        yield ctx


class Unreadable:
    """Something to call whose signature cannot be had, as that of some code in C."""

    @property
    def __signature__(self) -> Any:
        raise ValueError("no signature")

    def __call__(self, ctx) -> None: ...


def injected(handler: Any) -> Any:
    """Give a function an argument more than its callers do."""

    @functools.wraps(handler)
    def call(ctx):
        return handler(ctx, "step")

    return call


def described(handler: Any) -> Any:
    call = lambda ctx: handler(ctx, "step")  # noqa: E731
    call.__signature__ = inspect.signature(handler)  # type: ignore[attr-defined]
    return call


REFUSED = [
    (no_argument, r"the function takes \(\), and is called with one argument, the context: write def name\(ctx\)"),
    (lambda: 5, r"the function takes \(\)"),
    (two_arguments, r"the function takes \(ctx, step\)"),
    (async_two, r"the function takes \(ctx, step\)"),
    (keyword, r"the function takes \(ctx, step\)"),
    (Methods.method, r"the function takes \(self, ctx\)"),
    (functools.partial(two_arguments, 1, 2), r"the function takes \(\)"),
    (generator, "there is a `yield` in the function"),
    (async_generator, "there is a `yield` in the function"),
    (functools.partial(generator), "there is a `yield` in the function"),
    (Yielding(), "there is a `yield` in the function"),
]


@pytest.mark.parametrize(("handler", "message"), REFUSED)
def test_a_function_that_cannot_be_called_with_a_context_is_refused(client: Inngest, handler: Any, message: str):
    with pytest.raises(ConfigError, match=f'function "fn": {message}'):
        client.create_function(fn_id="fn", trigger=PLACED)(handler)

    assert client.functions == ()


@pytest.mark.parametrize(("handler", "message"), REFUSED)
def test_so_is_such_a_handler_of_failures(client: Inngest, handler: Any, message: str):
    with pytest.raises(ConfigError, match=f'function "fn-failure": {message}'):
        client.create_function(fn_id="fn", trigger=PLACED, on_failure=handler)(lambda _ctx: None)


@pytest.mark.parametrize(
    "handler",
    [
        lambda ctx: ctx,
        lambda *args: args,
        lambda *args, **kwargs: (args, kwargs),
        lambda ctx=None: ctx,
        lambda ctx, step=None: (ctx, step),
        functools.partial(two_arguments, 1),
        functools.partial(keyword, step=1),
        Methods(),
        Methods().method,
        Methods.of_class,
        Methods.of_nobody,
        MagicMock(),
        AsyncMock(),
        [].append,
        Unreadable(),
        injected(two_arguments),
        described(two_arguments),
    ],
)
def test_whatever_can_be_called_with_one_argument_is_a_function(client: Inngest, handler: Any):
    assert client.create_function(fn_id="fn", trigger=PLACED, on_failure=handler)(handler).handler is handler
