"""Results in their own types: what a step's handler says that it returns is what the function gets, also on replay."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import lru_cache
from types import CodeType, NoneType, UnionType
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
_by_code: Final[dict[int, tuple[CodeType, Adapter | None]]] = {}


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
    annotations: Mapping[str, Any] = getattr(handler, "__annotations__", {})
    if "return" not in annotations:
        return None
    returned = annotations["return"]
    return _adapter_of_text(handler) if isinstance(returned, str) else _adapter(returned)


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


def _adapter_of_text(handler: Callable[..., Any]) -> Adapter | None:
    """The adapter for an annotation that is still text, as all are under `from __future__ import annotations`.

    It is kept by the code: a function inside another one is a new object each time, and means the same. Code is known
    by its address, for to hash it takes longer than all the rest, and whatever is kept here stays where it is.
    """
    try:
        adapter = _adapter(inspect.get_annotations(handler, eval_str=True)["return"])
    except (NameError, TypeError, AttributeError, SyntaxError):
        adapter = None
    code = getattr(handler, "__code__", None)
    if code is not None:
        _by_code[id(code)] = (code, adapter)
    return adapter


def typed_result(memo: Any, step_id: str, handler: Callable[..., Any], output_type: Any = UNSTATED) -> Any:
    """The result in a memo, in its type. Raises StepError if the step failed, EventDataError if it does not fit."""
    known = _by_code.get(id(getattr(handler, "__code__", None))) if output_type is UNSTATED else None
    adapter = adapter_of(handler, output_type) if known is None else known[1]
    result = (
        memo["data"] if type(memo) is OBJECT and "data" in memo and "error" not in memo else result_of(memo, step_id)
    )
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
