"""What the scheduler decides, as values: what is stored, what is sent, what is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from inngest_py.dev.model import Record
from inngest_py.dev.notices import Notice


@dataclass(frozen=True, slots=True)
class Put:
    """Store a record, in place of an older one with the same key."""

    record: Record


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget a record."""

    record: Record


@dataclass(frozen=True, slots=True)
class Call:
    """Call an app. The body is complete; `headers` lack only the signature."""

    job_id: str
    generation: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetch:
    """Make a request for a step. `options` are those of the operation (PROTOCOL 6.2, 8 and 9)."""

    job_id: str
    generation: int
    op: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the observer."""

    notice: Notice


Change: TypeAlias = Put | Drop
Decision: TypeAlias = Put | Drop | Call | Fetch | Tell


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decisions about one happening, in order, and the answer for who reported it.

    `fault` is a mistake in the scheduler itself. What was decided before it has been applied, and must be stored.
    """

    decisions: tuple[Decision, ...]
    answer: Any = None
    fault: Exception | None = None
