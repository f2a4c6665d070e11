"""TypedDicts as pydantic wants them: before Python 3.12 those of `typing_extensions`, not those of `typing`."""

from __future__ import annotations

import operator
import types
import typing
from typing import Any, Final, NotRequired, Required, Union

import typing_extensions

_BY_KEY: Final[frozenset[Any]] = frozenset({Required, NotRequired})


def rebuilt(hint: Any, above: tuple[Any, ...] = ()) -> Any:
    """The type with every TypedDict in it made anew. Raises TypeError for one that contains itself, which cannot be."""
    if typing.is_typeddict(hint):
        return _rebuilt_dict(hint, above)
    before, origin = typing.get_args(hint), typing.get_origin(hint)
    arguments = tuple(rebuilt(part, above) for part in before)
    if all(map(operator.is_, arguments, before)):
        return hint
    container: Any = Union if origin is types.UnionType else origin
    return container[arguments]


def _rebuilt_dict(hint: Any, above: tuple[Any, ...]) -> Any:
    if hint in above:
        raise TypeError(f"{hint.__name__} contains itself")
    found = typing.get_type_hints(hint, include_extras=True)
    keys = {key: _rebuilt_key(hint, key, part, (*above, hint)) for key, part in found.items()}
    named = {"__annotations__": keys, "__module__": hint.__module__, "__doc__": hint.__doc__}
    return types.new_class(hint.__name__, (typing_extensions.TypedDict,), {}, lambda body: body.update(named))


def _rebuilt_key(hint: Any, key: str, part: Any, above: tuple[Any, ...]) -> Any:
    """The type of a key, which says whether the key must be there."""
    if typing.get_origin(part) in _BY_KEY:
        return typing.get_origin(part)[rebuilt(typing.get_args(part)[0], above)]
    required: frozenset[str] = hint.__required_keys__
    inner = rebuilt(part, above)
    return Required[inner] if key in required else NotRequired[inner]
