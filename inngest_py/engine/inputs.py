"""A step's arguments as they are shown to people, and as people may have edited them (PROTOCOL 5.1, 6.1)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from pydantic import ValidationError

from inngest_py.engine.typed import adapter_of
from inngest_py.errors import UnserializableError
from inngest_py.wire.codec import decode, encode

MOST_SHOWN: Final = 256 * 1024
"""Arguments that take more than this, in bytes of JSON, are not recorded."""

_POSITIONAL: Final = frozenset({inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD})


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
    try:
        parameters = inspect.signature(handler, eval_str=True).parameters.values()
    except (AttributeError, NameError, SyntaxError, TypeError, ValueError):
        return list(args)
    return [_typed(kind, value) for kind, value in zip(_kinds(parameters), args, strict=False)]


def _kinds(parameters: Iterable[inspect.Parameter]) -> Iterator[Any]:
    """The annotations of the parameters in the order of the arguments, and then nothing, without end."""
    for parameter in parameters:
        if parameter.kind in _POSITIONAL:
            yield parameter.annotation
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            yield from repeat(parameter.annotation)
    yield from repeat(inspect.Parameter.empty)


def _typed(kind: Any, value: Any) -> Any:
    adapter = None if kind is inspect.Parameter.empty else adapter_of(_typed, kind)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return value
