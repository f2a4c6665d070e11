"""A step's arguments as they are shown to people, and as people may have edited them (PROTOCOL 5.1, 6.1)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from inngest_py.engine.typed import adapter_of
from inngest_py.errors import UnserializableError
from inngest_py.wire.codec import decode, encode

MOST_SHOWN: Final = 256 * 1024
"""Arguments that take more than this, in bytes of JSON, are not recorded."""


def recorded(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The options that show a step's arguments; none where they cannot be shown, or not be given back."""
    if not args or kwargs:
        return {}
    try:
        text = encode(list(args))
    except UnserializableError:
        return {}
    return {"input": decode(text)} if len(text) <= MOST_SHOWN else {}


def edited(handler: Callable[..., Any], args: Sequence[Any]) -> list[Any]:
    """Edited arguments, in the types that the handler wants where it says so."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    try:
        parameters = list(inspect.signature(handler, eval_str=True).parameters.values())
    except (NameError, TypeError, ValueError):
        return list(args)
    kinds = [parameter.annotation for parameter in parameters] + [inspect.Parameter.empty] * len(args)
    return [_typed(kind, value) for kind, value in zip(kinds, args, strict=False)]


def _typed(kind: Any, value: Any) -> Any:
    adapter = None if kind is inspect.Parameter.empty else adapter_of(_typed, kind)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return value
