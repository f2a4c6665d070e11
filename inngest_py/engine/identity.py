"""Which step is which: the hashed id of each use of a step id (PROTOCOL 6.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from inngest_py.errors import ConfigError


@dataclass(frozen=True, slots=True)
class StepOptions:
    """A step's id, with the name under which people see it. The name may change from run to run, the id may not."""

    id: str
    name: str | None = None


StepId: TypeAlias = str | StepOptions
"""How a step is named in code: its id, or its id and its display name."""


class Key(NamedTuple):
    """One use of a step id: its hash, the id as written, how often it was used before, and the name to show."""

    hashed: str
    id: str
    repeat: int
    name: str


@lru_cache(maxsize=16_384)
def key_of(step_id: str, repeat: int) -> Key:
    """The key of the first or a further use of an id; the hash is the SHA-1 of `id`, `id:1`, `id:2` and so on.

    Raises ConfigError for an id that UTF-8 cannot carry.
    """
    text = f"{step_id}:{repeat}" if repeat else step_id
    return Key(hashlib.sha1(_utf8(text), usedforsecurity=False).hexdigest(), step_id, repeat, step_id)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{text!r} is not a step id or a name: it has half of a surrogate pair in it") from None


class Identities:
    """Counts the uses of each id in one execution: the second `"charge"` is `charge:1`."""

    __slots__ = ("_uses",)

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def next(self, step_id: StepId) -> Key:
        """Identify the next use of a step id. Raises ConfigError for an empty id, and for what is none."""
        if type(step_id) is not str or not step_id:
            options = _checked(step_id)
            return self.next(options.id)._replace(name=options.name or options.id)
        uses = self._uses
        repeat = uses.get(step_id, 0)
        uses[step_id] = repeat + 1
        return key_of(step_id, repeat)

    def name_of(self, hashed: str) -> str:
        """How a person knows a step: by its id, in quotes, if it was used in this execution, or else by its hash."""
        used = ((step_id, repeat) for step_id, uses in self._uses.items() for repeat in range(uses))
        found = next((pair for pair in used if key_of(*pair).hashed == hashed), None)
        if found is None:
            return hashed
        step_id, repeat = found
        return f'"{step_id}"' if not repeat else f'"{step_id}" (number {repeat + 1})'


def _checked(step_id: object) -> StepOptions:
    if not isinstance(step_id, StepOptions) or type(step_id.id) is not str or not step_id.id:
        raise ConfigError(
            f"{step_id!r} is not a step id: write one that says what the step does, as in "
            'step.run("charge-card", ...), or StepOptions(id=, name=)'
        )
    name: object = step_id.name
    if name is not None and not isinstance(name, str):
        raise ConfigError(f'step "{step_id.id}": name={name!r} must be a string')
    _utf8(name or "")
    return step_id
