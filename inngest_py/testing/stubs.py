"""Stubs: what a step gives in a test instead of doing its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, cast

from inngest_py.errors import UsageError

ErrorLike: TypeAlias = BaseException | type[BaseException]


@dataclass(frozen=True, slots=True)
class StepCall:
    """One attempt of a stubbed step: with which arguments, and the how manieth, counted from 0.

    `args` and `kwargs` are what the step's own function would be called with; of an invoked function `args` is its
    data alone. `opts` is what the server is told of the step, such as the URL of a fetch.
    """

    step_id: str
    run_id: str
    attempt: int = 0
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    opts: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Stub(Protocol):
    """Answers in a step's place: returns its result, which may be a coroutine, or raises its error."""

    def answer(self, call: StepCall) -> Any:
        """Answer one attempt."""
        ...


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any

    def answer(self, call: StepCall) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class _Raises:
    error: ErrorLike

    def answer(self, call: StepCall) -> Any:
        raise self.error


@dataclass(frozen=True, slots=True)
class _Calls:
    handler: Callable[..., Any]

    def answer(self, call: StepCall) -> Any:
        return self.handler(*call.args, **call.kwargs)


@dataclass(frozen=True, slots=True)
class _Sees:
    handler: Callable[[StepCall], Any]

    def answer(self, call: StepCall) -> Any:
        return self.handler(call)


class _Sequence:
    def __init__(self, stubs: Iterator[Stub], count: int) -> None:
        self._stubs: Final = stubs
        self._count: Final = count

    def answer(self, call: StepCall) -> Any:
        try:
            stub = next(self._stubs)
        except StopIteration:
            raise UsageError(
                f'the stub of step "{call.step_id}" has {self._count} answers, and the step is executed once more: '
                "give testing.sequence another one"
            ) from None
        return stub.answer(call)


class _Fails:
    def __init__(self, times: int, error: ErrorLike, then: Stub) -> None:
        self._left = times
        self._error: Final = error
        self._then: Final = then

    def answer(self, call: StepCall) -> Any:
        if not self._left:
            return self._then.answer(call)
        self._left -= 1
        raise self._error


_OURS: Final[tuple[type, ...]] = (_Value, _Raises, _Calls, _Sees, _Sequence, _Fails)


def stub(handler: Callable[[StepCall], Any]) -> Stub:
    """A stub that sees the whole StepCall: the arguments, the attempt, the options."""
    return _Sees(handler)


def value(value: Any) -> Stub:
    """A stub that gives a value, even one that could be called or raised."""
    return _Value(value)


def fails(times: int, error: ErrorLike, then: Any = None) -> Stub:
    """A stub whose first attempts fail, so many `times`, and that then does what the stub `then` does."""
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise UsageError(f"testing.fails(times={times!r}) must be a number from 1")
    _check_error("testing.fails", error)
    return _Fails(times, error, stub_of(then))


def sequence(*answers: Any) -> Stub:
    """A stub that gives one answer an execution, in this order: values, exceptions and callables, as stubs are."""
    return _Sequence(iter([stub_of(answer) for answer in answers]), len(answers))


def stub_of(given: Any) -> Stub:
    """The stub that was written as a value, an exception, a callable or a stub."""
    if isinstance(given, _OURS):
        return cast("Stub", given)
    if _is_error(given):
        return _Raises(given)
    return _Calls(given) if callable(given) else _Value(given)


def _is_error(given: Any) -> bool:
    kind = given if isinstance(given, type) else type(given)
    return issubclass(kind, BaseException)


def _check_error(what: str, error: object) -> None:
    if not _is_error(error):
        raise UsageError(f"{what}: error={error!r} must be an exception, or a class of them")
