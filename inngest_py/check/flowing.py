"""Where a value goes that is different each time: to be logged or to say when to wake up is harmless."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from inngest_py.check.model import Act
from inngest_py.check.names import Scope

Variable: TypeAlias = tuple[Scope, str]


@dataclass(slots=True)
class Flowing:
    """The values of a function that are different each time, and the uses of its variables.

    A use is the variable that the value goes on into, or None for anything else. `sinks` counts how many harmless
    places we are in.
    """

    noted: list[tuple[Act, Variable | None]] = field(default_factory=list[tuple[Act, "Variable | None"]])
    uses: dict[Variable, set[Variable | None]] = field(default_factory=dict[Variable, "set[Variable | None]"])
    target: Variable | None = None
    sinks: int = 0

    def note(self, act: Act) -> None:
        """Note a value, unless it goes straight to where it is harmless."""
        if not self.sinks:
            self.noted.append((act, self.target))

    def use(self, scope: Scope, name: str) -> None:
        """Note that a variable is used."""
        if not self.sinks:
            self.uses.setdefault((scope, name), set()).add(self.target)

    def settled(self) -> list[Act]:
        """The values that may decide something."""
        return [act for act, target in self.noted if target is None or self._decides(target, set())]

    def _decides(self, variable: Variable, seen: set[Variable]) -> bool:
        seen.add(variable)
        uses = self.uses.get(variable, set())
        return any(use is None or (use not in seen and self._decides(use, seen)) for use in uses)

    @contextmanager
    def sinking(self, *, on: bool = True) -> Generator[None]:
        """Be where values are harmless, for a while."""
        self.sinks += on
        try:
            yield
        finally:
            self.sinks -= on

    @contextmanager
    def into(self, scope: Scope, name: str) -> Generator[None]:
        """Be in the value of a variable, for a while."""
        before, self.target = self.target, (scope, name)
        try:
            yield
        finally:
            self.target = before

    @contextmanager
    def detached(self) -> Generator[None]:
        """Be in another function, which is called where we were: what flows there is not what flows here."""
        before, self.target = self.target, None
        try:
            yield
        finally:
            self.target = before
