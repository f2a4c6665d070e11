"""What a flow may ask of the world. A flow is a generator: it yields these, and is sent the answers.

    Flow[T] = Generator[Effect, answer, T]

So a protocol is written once, and `drive` runs it plainly or in a coroutine. What is made anew for every call, here and
elsewhere, is not frozen: a frozen dataclass takes several times as long to make.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from inngest_py.wire.http import Request

T = TypeVar("T")


@dataclass(slots=True)
class Exchange:
    """Send an HTTP request. Answered with the Response; raises ServerError if there is none."""

    request: Request
    timeout: float | None = None


@dataclass(slots=True)
class Invoke:
    """Call a function of the user's, plain or async. Answered with its result; raises what it raises."""

    handler: Callable[..., Any]
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Hook:
    """Call a hook of a middleware, plain or async, where the function runs. Answered with its result."""

    call: Callable[..., Any]
    args: Sequence[Any] = ()


@dataclass(slots=True)
class Pause:
    """Wait, in seconds. Answered with None."""

    seconds: float


@dataclass(slots=True)
class Execute:
    """Run a function of the user's up to its next step. Answered with the engine's Outcome."""

    run: Any


Effect: TypeAlias = Exchange | Invoke | Hook | Pause | Execute
"""Everything that a flow can ask for."""

Flow: TypeAlias = Generator[Effect, Any, T]
"""A protocol that asks for effects and ends in a T."""
