"""The function that a declaration is about: its colour, and what it is called with."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine, also behind `functools.partial` or a callable object."""
    if type(handler) is FunctionType and handler.__code__.co_flags & inspect.CO_COROUTINE:
        return True
    handler = _unwrapped(handler)
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)


def check_colour(handler: Callable[..., Any]) -> str | None:
    """What is wrong with a function that says that it takes the context of the other colour."""
    wrong, right = ("ContextSync", "Context") if is_async(handler) else ("Context", "ContextSync")
    annotations: Mapping[str, Any] = getattr(handler, "__annotations__", None) or {}
    said = next((kind for name, kind in annotations.items() if name != "return"), None)
    kind = getattr(typing.get_origin(said) or said, "__name__", said)
    if isinstance(kind, str) and kind.partition("[")[0].rpartition(".")[2] == wrong:
        word = "async def" if wrong == "ContextSync" else "def"
        return f"a function declared with {word} takes {right}, not {wrong}"
    return None


def check_call(handler: Callable[..., Any]) -> str | None:
    """What is wrong with a function that cannot be called with its context alone, or gives no result then."""
    if _is_generator(_unwrapped(handler)):
        return (
            "there is a `yield` in the function, and so it would never run: take it out, and use what a step returns, "
            'as in value = ctx.step.run("id", ...)'
        )
    try:
        # What a wrapper passes on is its own affair, and so is a signature that was put there by hand.
        signature = inspect.signature(handler, follow_wrapped=False)
        given = getattr(handler, "__signature__", None)
    except Exception:  # of some callables nothing is known, and annotations may be anybody's code
        return None
    if given is not None:
        return None
    try:
        signature.bind(None)
    except TypeError:
        shown = ", ".join(str(parameter).partition(":")[0] for parameter in signature.parameters.values())
        return f"the function takes ({shown}), and is called with one argument, the context: write def name(ctx)"
    return None


def _unwrapped(handler: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return handler


def _is_generator(handler: Callable[..., Any]) -> bool:
    called = (handler, type(handler).__call__)
    return any(inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one) for one in called)
