"""Why a function may not do the same each time: what it asks outside of its steps that nobody can repeat."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from inngest_py.function import Function
from inngest_py.wire.failure import is_ours

_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_BUILTIN: Final = {
    ("time", "time"): "time.time()",
    ("time", "time_ns"): "time.time_ns()",
    ("time", "monotonic"): "time.monotonic()",
    ("time", "perf_counter"): "time.perf_counter()",
    ("", "datetime.now"): "datetime.now()",
    ("", "datetime.utcnow"): "datetime.utcnow()",
    ("", "date.today"): "date.today()",
    ("", "Random.random"): "random.random()",
    ("posix", "urandom"): "os.urandom()",
    ("nt", "urandom"): "os.urandom()",
    ("posix", "getpid"): "os.getpid()",
    ("builtins", "id"): "id()",
    ("builtins", "hash"): "hash()",
    ("", "set.pop"): "set.pop()",
    ("io", "open"): "open()",
    ("_io", "open"): "open()",
}
"""Builtin functions, by module and name, whose answers change."""

_MODULES: Final = frozenset({"random", "uuid", "secrets", "socket"})
_MOST: Final = 3
_LONGEST: Final = 2_000


class Witness:
    """Watches a function for what it should not ask. `seen` are the calls, `changed` the outer variables."""

    def __init__(self) -> None:
        self.watching = False
        self.seen: dict[str, None] = {}
        self.changed: dict[str, None] = {}

    def wrapped(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The function, watched when that is wanted."""
        if inspect.iscoroutinefunction(handler):

            @wraps(handler)
            async def in_coroutine(ctx: Any) -> Any:
                with self._watched(handler):
                    return await handler(ctx)

            return in_coroutine

        @wraps(handler)
        def plainly(ctx: Any) -> Any:
            with self._watched(handler):
                return handler(ctx)

        return plainly

    @contextmanager
    def _watched(self, handler: Callable[..., Any]) -> Generator[None]:
        if not self.watching:
            yield
            return
        before, profile = _outer(handler), sys.getprofile()
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(profile)
            after = _outer(handler)
            self.changed |= dict.fromkeys(name for name in after if after[name] != before.get(name))

    def _look(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            name, caller = _builtin_name(argument), frame
        elif event == "call" and frame.f_back is not None:
            name, caller = _library_name(frame), frame.f_back
        else:
            return
        line = None if name is None else _line(caller)
        if line is not None:
            self.seen[f"{name} in {line}"] = None

    def causes(self, handler: Callable[..., Any], otherwise: str) -> str:
        """What is the likely cause, in a sentence or two; `otherwise` if there is no trace of any."""
        if self.seen:
            return f"{_listed([*self.seen])}, outside of a step: put it into a step.run(...), whose result is kept"
        if self.changed:
            return (
                f"{_listed([*self.changed])}, outside of the function, changes while it runs: give what a step "
                "computes back from it, and keep nothing between executions"
            )
        outer = [name for name, value in _outer_values(handler).items() if _is_mutable(value)]
        if outer:
            return f"the function depends on {_listed(outer)}, outside of it: read it in a step.run(...)"
        return otherwise


def watched(function: Function[Any], witness: Witness) -> None:
    """Have a function, which is a copy of a test's own, watched."""
    function.handler = witness.wrapped(function.handler)


def _builtin_name(called: Any) -> str | None:
    name = getattr(called, "__qualname__", "")
    return _BUILTIN.get((getattr(called, "__module__", None) or "", name)) or _BUILTIN.get(("", name))


def _library_name(frame: FrameType) -> str | None:
    module = frame.f_globals.get("__name__")
    if module not in _MODULES or frame.f_code.co_name.startswith("_"):
        return None
    return f"{module}.{frame.f_code.co_name}()"


def _line(caller: FrameType) -> str | None:
    """Where the user's code has made a call; None for a call of ours, or of a library that we have called."""
    frame: FrameType | None = caller
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    if frame is None or is_ours(frame.f_code) or frame.f_code.co_filename.startswith("<"):
        return None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _outer(handler: Callable[..., Any]) -> Mapping[str, str]:
    """The variables outside of a function that its code names, as text."""
    return {name: _text(value) for name, value in _outer_values(handler).items()}


def _outer_values(handler: Callable[..., Any]) -> Mapping[str, Any]:
    function = inspect.unwrap(handler)
    if not isinstance(function, FunctionType):
        return {}
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    found = {name: function.__globals__[name] for name in names if name in function.__globals__}
    found |= inspect.getclosurevars(function).nonlocals
    return {name: value for name, value in sorted(found.items()) if not _is_code(value)}


def _codes(code: CodeType) -> Generator[CodeType]:
    yield code
    for inside in code.co_consts:
        if isinstance(inside, CodeType):
            yield from _codes(inside)


def _is_code(value: Any) -> bool:
    return callable(value) or isinstance(value, ModuleType)


def _is_mutable(value: Any) -> bool:
    return not isinstance(value, (str, bytes, int, float, bool, tuple, frozenset, type(None)))


def _text(value: Any) -> str:
    try:
        return repr(value)[:_LONGEST]
    except Exception:  # whatever the user's __repr__ raises
        return ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
