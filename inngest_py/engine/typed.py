"""Results in their own types: what a step's handler says that it returns is what the function gets, also on replay."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final
from weakref import WeakKeyDictionary

import pydantic
from pydantic import TypeAdapter

from inngest_py.errors import EventDataError
from inngest_py.wire.codec import encode

Adapter = TypeAdapter[Any]

_AS_THEY_ARE: Final[frozenset[Any]] = frozenset({Any, object, None, type(None), str, int, bool, dict, list})
_AWAITABLES: Final = frozenset({Awaitable, Coroutine})
_known: WeakKeyDictionary[Callable[..., Any], Adapter | None] = WeakKeyDictionary()


class Unstated:
    """The type of `UNSTATED`: no `output_type` was given. `None` will not do, for that is a type to state."""


UNSTATED: Final = Unstated()


def adapter_of(handler: Callable[..., Any], output_type: Any) -> Adapter | None:
    """The adapter for what was stated, or else for what the handler says that it returns."""
    return adapter_for(handler) if output_type is UNSTATED else adapter_of_type(output_type)


def adapter_for(handler: Callable[..., Any]) -> Adapter | None:
    """The adapter for what a handler says that it returns, or None if JSON's own types will do."""
    bare = _unwrap(handler)
    try:
        return _known[bare]
    except (KeyError, TypeError):
        adapter = adapter_of_type(_returned_type(bare))
        with suppress(TypeError):
            _known[bare] = adapter
        return adapter


def adapter_of_type(returned: Any) -> Adapter | None:
    """The adapter for a type, or None if JSON's own types will do or nothing is known of it."""
    try:
        if returned in _AS_THEY_ARE:
            return None
        return TypeAdapter(returned)
    except (pydantic.errors.PydanticUserError, NameError, TypeError):
        return None


def _unwrap(handler: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(handler, functools.partial):
        handler = handler.func
    return getattr(handler, "__func__", handler)


def _returned_type(handler: Callable[..., Any]) -> Any:
    try:
        returned = inspect.get_annotations(handler, eval_str=True).get("return")
    except (NameError, TypeError, AttributeError, SyntaxError):
        return None
    if typing.get_origin(returned) in _AWAITABLES:
        return typing.get_args(returned)[-1]
    return returned


def restore(adapter: Adapter | None, value: Any, step_id: str) -> Any:
    """Give a memoized value its type. Raises EventDataError, naming the step and what does not fit."""
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except pydantic.ValidationError:
        return _restore_from_text(adapter, value, step_id)


def _restore_from_text(adapter: Adapter, value: Any, step_id: str) -> Any:
    """Read the value as JSON, where a date is a string even for a strict model."""
    try:
        return adapter.validate_json(encode(value))
    except pydantic.ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'the value'}: {f['msg']}" for f in error.errors())
        raise EventDataError(f'the stored result of step "{step_id}" does not fit its type: {faults}') from None
