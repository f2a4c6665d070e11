"""Results in their own types: what a step's handler says that it returns is what the function gets, also on replay."""

from __future__ import annotations

import functools
import inspect
import typing
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache, partial
from types import FunctionType, NoneType, UnionType
from typing import Any, Final

import pydantic
from pydantic import TypeAdapter

from inngest_py.engine.memory import result_of
from inngest_py.engine.typed_dicts import rebuilt
from inngest_py.errors import EventDataError
from inngest_py.wire.codec import OBJECT, encode

Adapter = TypeAdapter[Any]

_AS_THEY_ARE: Final[frozenset[Any]] = frozenset({Any, object, None, NoneType, str, int, bool, dict, list})
_JOINED: Final[frozenset[Any]] = frozenset({list, UnionType, typing.Union})
_KEYS: Final[frozenset[Any]] = frozenset({Any, object, str})
_AWAITABLES: Final = frozenset({Awaitable, Coroutine})
_by_function: Final[dict[int, tuple[weakref.ref[Any], Adapter | None]]] = {}
_NOTHING_SAID: Final[Mapping[str, Any]] = {}
_in_scope: Final[dict[tuple[Any, int], tuple[object, Adapter | None]]] = {}


class Unstated:
    """The type of `UNSTATED`: no `output_type` was given. `None` will not do, for that is a type to state."""


UNSTATED: Final = Unstated()


def adapter_of(handler: Callable[..., Any], output_type: Any = UNSTATED) -> Adapter | None:
    """The adapter for what was stated, or else for what the handler says that it returns.

    None means that JSON's own types will do, or that nothing is known.
    """
    if output_type is not UNSTATED:
        return _adapter(output_type)
    while isinstance(handler, functools.partial):
        handler = handler.func
    adapter = _adapter_as_annotated(handler)
    # What a module has is asked for again and again. Its address is known for as long as it lives, and not longer.
    if type(handler) is FunctionType and "<locals>" not in handler.__qualname__:
        forget = partial(_by_function.pop, id(handler))
        _by_function[id(handler)] = weakref.ref(handler, lambda _: forget(None)), adapter
    return adapter


def _adapter_as_annotated(handler: Callable[..., Any]) -> Adapter | None:
    returned = getattr(handler, "__annotations__", _NOTHING_SAID).get("return", UNSTATED)
    if returned is UNSTATED:
        return None
    adapter = None if type(returned) is str else _adapter(returned)
    if type(returned) is str or (adapter is not None and not adapter.pydantic_complete):
        return _adapter_in_scope(handler, returned)
    return adapter


def _adapter(returned: Any) -> Adapter | None:
    try:
        return _adapter_of_type(returned)
    except TypeError:
        return _new_adapter(returned)


@lru_cache(maxsize=1024)
def _adapter_of_type(returned: Any) -> Adapter | None:
    if _is_as_it_is(returned):
        return None
    if typing.get_origin(returned) in _AWAITABLES:
        return _adapter(typing.get_args(returned)[-1])
    return _new_adapter(returned)


def _is_as_it_is(returned: Any) -> bool:
    """Whether a type is one of JSON's own, or made of them only, as `dict[str, list[int]]` is."""
    if returned in _AS_THEY_ARE:
        return True
    kind, parts = typing.get_origin(returned), typing.get_args(returned)
    if kind is dict:
        return parts[0] in _KEYS and _is_as_it_is(parts[1])
    return kind in _JOINED and all(map(_is_as_it_is, parts))


def _new_adapter(returned: Any) -> Adapter | None:
    try:
        return _made_adapter(returned)
    except (pydantic.errors.PydanticUserError, NameError, TypeError):
        return None


def _made_adapter(returned: Any) -> Adapter:
    try:
        return TypeAdapter(returned)
    except pydantic.errors.PydanticUserError as error:
        if error.code != "typed-dict-version":
            raise
    return TypeAdapter(rebuilt(returned))


def _adapter_in_scope(handler: Callable[..., Any], returned: Any) -> Adapter | None:
    """The adapter for an annotation with names in it that are still text.

    All are text under `from __future__ import annotations`. It is kept by the text and the names that it is read with,
    those of the module that it was written in: a function inside another one is a new object each time, and a decorator
    gives all its wrappers the same code.
    """
    scope: Any = getattr(inspect.unwrap(handler) if hasattr(handler, "__wrapped__") else handler, "__globals__", None)
    known = _in_scope.get((returned, id(scope)))
    if known is None:
        known = (scope, _new_in_scope(returned, scope))  # with the scope, so that no other one gets its id
        _in_scope[returned, id(scope)] = known
    return known[1]


def _new_in_scope(returned: Any, scope: Mapping[str, Any] | None) -> Adapter | None:
    try:
        while type(returned) is str:  # in quotes, and then under that import
            returned = _evaluated(returned, scope)
        adapter = _adapter(returned)
        if adapter is None or adapter.pydantic_complete:
            return adapter
        adapter = _made_adapter(returned)
        return adapter if adapter.rebuild(force=True, raise_errors=False, _types_namespace=scope) else None
    except (NameError, TypeError, AttributeError, SyntaxError):
        return None


def _evaluated(text: str, scope: Mapping[str, Any] | None) -> Any:
    """What an annotation means. The others of its function may have names that are there for type checkers only."""

    def annotated() -> None: ...

    annotated.__annotations__ = {"return": text}
    return inspect.get_annotations(annotated, globals=scope, eval_str=True)["return"]


def typed_result(memo: Any, step_id: str, handler: Callable[..., Any], output_type: Any = UNSTATED) -> Any:
    """The result in a memo, in its type. Raises StepError if the step failed, EventDataError if it does not fit."""
    usual = type(memo) is OBJECT and "data" in memo and "error" not in memo
    result = memo["data"] if usual else result_of(memo, step_id)
    known = _by_function.get(id(handler)) if output_type is UNSTATED else None
    adapter = adapter_of(handler, output_type) if known is None else known[1]
    return result if adapter is None else restore(adapter, result, step_id)


def restore(adapter: Adapter, value: Any, step_id: str) -> Any:
    """Give a memoized value its type. Raises EventDataError, naming the step and what does not fit."""
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
