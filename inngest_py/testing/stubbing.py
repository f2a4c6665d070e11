"""Which stub belongs to which step, and which one nothing has asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import CodeType, FunctionType
from typing import Any, Final

from inngest_py.errors import UsageError
from inngest_py.function import Function
from inngest_py.middleware.base import StepInfo
from inngest_py.testing.stubs import Stub, stub_of
from inngest_py.wire.ops import Opcode

_NOT_STUBBED: Final = {
    Opcode.SLEEP: "sleeps, and virtual time passes by itself",
    Opcode.WAIT_FOR_EVENT: "waits for an event: feed it with feed=[testing.event(...)], or let its timeout pass",
    Opcode.WAIT_FOR_SIGNAL: "waits for a signal: feed it with feed=[testing.signal(...)], or let its timeout pass",
}


class Stubs:
    """Stubs by step id, for the steps of one function or of all, and those that were used."""

    def __init__(self, steps: Mapping[str, Any] | None = None) -> None:
        self._stubs: Final[dict[tuple[str, str], Stub]] = {}
        self._used: Final[set[tuple[str, str]]] = set()
        if not isinstance(steps, Mapping | None):
            raise UsageError(f"steps={steps!r} must be a dict: stubs by step id")
        for step_id, given in (steps or {}).items():
            self.add("", step_id, given)

    def add(self, function_id: str, step_id: str, given: Any) -> None:
        """Give a step a stub; an empty function id means the steps of all functions."""
        self._stubs[function_id, step_id] = stub_of(given)

    def find(self, function_id: str, step_id: str) -> Stub | None:
        """The stub of a step, or None."""
        for key in ((function_id, step_id), ("", step_id)):
            if key in self._stubs:
                self._used.add(key)
                return self._stubs[key]
        return None

    def of_step(self, function_id: str, step: StepInfo) -> Stub | None:
        """The stub of a step that runs in the app, or None."""
        return self.find(function_id, step.id) if step.handler is not None else None

    def check(self, function_id: str, step_id: str, op: Opcode) -> None:
        """Raise UsageError if a step has a stub and cannot have one."""
        reason = _NOT_STUBBED.get(op)
        if reason is not None and self.find(function_id, step_id) is not None:
            raise UsageError(f'step "{step_id}" of {function_id} has a stub, and cannot have one: it {reason}')

    def unused(self) -> list[str]:
        """The ids of steps that have a stub and were never executed."""
        return [step_id for function_id, step_id in self._stubs if (function_id, step_id) not in self._used]


def refuse_unknown(unused: list[str], met: list[str], functions: list[Function[Any]]) -> None:
    """Raise UsageError for the stub of a step that no function has, as far as can be seen from its code."""
    known = {text for function in functions for text in _texts(function.handler)}
    for step_id in unused:
        if step_id not in known:
            names = sorted(set(met) | {text for text in known if "-" in text and " " not in text})
            near = get_close_matches(step_id, names, 3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else _listed(met)
            raise UsageError(f'there is a stub for step "{step_id}", and no step of that id was executed: {hint}')


def _listed(met: list[str]) -> str:
    return f"there were {', '.join(map(repr, met))}" if met else "there was none at all"


def _texts(handler: Any) -> Iterator[str]:
    """The strings in the code of a function, and of the functions of its module that it names."""
    rest, seen = [handler], set[CodeType]()
    while rest:
        found = rest.pop()
        function = getattr(found, "__wrapped__", found)
        if not isinstance(function, FunctionType) or function.__code__ in seen:
            continue
        for code in _codes(function.__code__):
            seen.add(code)
            yield from (text for text in code.co_consts if isinstance(text, str))
            named = (function.__globals__.get(name) for name in code.co_names)
            rest += [one for one in named if getattr(one, "__module__", None) == function.__module__]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inside in code.co_consts:
        if isinstance(inside, CodeType):
            yield from _codes(inside)
