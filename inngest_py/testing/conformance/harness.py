"""What the suite needs to know of an adapter: how an app is made with it, and how that app is hosted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from inngest_py import Function, Inngest
from inngest_py.testing.conformance.hosting import Host

PATH = "/api/inngest"


@dataclass(frozen=True)
class Mount:
    """One `serve()` in an app: of which client, at which path, with which further options."""

    client: Inngest
    path: str = PATH
    functions: Sequence[Function[Any]] | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])


class Harness(Protocol):
    """An adapter under test."""

    @property
    def name(self) -> str:
        """The name by which the adapter goes in the table of the cases."""
        ...

    @property
    def framework(self) -> str:
        """The name by which the adapter goes on the wire."""
        ...

    def host(self, *mounts: Mount) -> Host:
        """Make an app with the adapter, and host it."""
        ...
