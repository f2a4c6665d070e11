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
def hash_id(step_id: str) -> str:
    """The SHA-1 of an id, in hex."""
    return hashlib.sha1(step_id.encode(), usedforsecurity=False).hexdigest()


class Identities:
    """Counts the uses of each id in one execution: the second `"charge"` is `charge:1`."""

    __slots__ = ("_uses",)

    def __init__(self) -> None:
        self._uses: dict[str, int] = {}

    def next(self, step_id: StepId) -> Key:
        """Identify the next use of a step id. Raises ConfigError for an empty id."""
        if isinstance(step_id, str):
            text = name = step_id
        else:
            text, name = _read(step_id)
        index = self._uses.get(text, 0)
        self._uses[text] = index + 1
        if index:
            return Key(hash_id(f"{text}:{index}"), text, index, name)
        if not text:
            raise ConfigError('a step needs an id that says what it does, as in step.run("charge-card", ...)')
        return Key(hash_id(text), text, 0, name)


def _read(step_id: object) -> tuple[str, str]:
    if not isinstance(step_id, StepOptions):
        raise ConfigError(f"a step id must be a string or StepOptions, not {step_id!r}")
    return step_id.id, step_id.name or step_id.id
