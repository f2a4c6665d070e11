"""Logging that is silent while a function only repeats what it did before, and that says which run a line is from.

A function is called again from its top for each step. `ctx.logger` never repeats a line; `setup` does the same for
every other logger, through a filter, and puts `run_id`, `function_id`, `step_id` and `attempt` into the records. The
first line after the last stored result is new, and so is every line of a step's handler. What is tried again, because
it failed, is logged again, with another `attempt`.
"""

from __future__ import annotations

import importlib
import logging
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from inngest_py.errors import ConfigError
from inngest_py.middleware.base import CallInput, Middleware, StepInfo
from inngest_py.steps.inside import current_plan, current_step
from inngest_py.transport import is_sending
from inngest_py.wire.codec import encodable

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


@dataclass(frozen=True, slots=True)
class _Call:
    run_id: str
    function_id: str
    attempt: int


_current: Final[ContextVar[_Call | None]] = ContextVar("inngest_logged_call", default=None)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a call go besides its log: `take` is given each. `attempt` is the call's, counted from 0."""

    attempt: int
    take: Callable[[Mapping[str, Any]], None]


current_lines: Final[ContextVar[Lines | None]] = ContextVar("inngest_lines", default=None)
"""Where the lines of the call that is under way go besides its log, if anywhere."""


def is_repeated() -> bool:
    """Whether this is code of a function that only repeats what an earlier request did, or is about to be stopped."""
    plan = current_plan.get()
    return plan is not None and current_step.get() is None and (plan.replaying or plan.interrupted)


def call_fields() -> dict[str, Any]:
    """What identifies the call that is under way: empty outside of functions, or without the middleware."""
    call = _current.get()
    if call is None:
        return {}
    step = current_step.get() or ""
    return {"run_id": call.run_id, "function_id": call.function_id, "step_id": step, "attempt": call.attempt}


LONGEST: Final = 32_000
"""How many characters of a line go anywhere besides its log."""

_NOTED: Final = "inngest_noted"
_FORMATTER: Final = logging.Formatter()
_NO_FIELDS: Final = frozenset({"event", "exc_info"})
_LEVELS: Final = {"exception": "ERROR", "fatal": "CRITICAL", "warn": "WARNING"}
"""The levels of methods of structlog that are not called as their level is."""

_announced: Final[ContextVar[tuple[str, str, str] | None]] = ContextVar("inngest_announced", default=None)
"""An event of structlog that is on its way to a logger of logging: the logger's name, the event, and what to note."""

_OUTSIDE: Final[dict[str, Any]] = {"run_id": "", "function_id": "", "step_id": "", "attempt": ""}


class ReplayFilter(logging.Filter):
    """Drops what a function logs again, and adds the fields of the call to other records, empty outside of functions.

    Put it on handlers: a filter on a logger does not see what comes from the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep a record. A field that the record has already stays as it is."""
        if is_repeated():
            return False
        _note(record)
        for name, value in (call_fields() or _OUTSIDE).items():
            if name not in record.__dict__:
                setattr(record, name, value)
        return True


def structlog_processor(logger: object, method: str, event_dict: MutableMapping[str, Any]) -> Any:
    """Do the same as a processor of structlog: put it first, or after `merge_contextvars`."""
    if is_repeated():
        raise importlib.import_module("structlog").DropEvent
    lines = current_lines.get()
    if lines is not None:
        _note_event(lines, logger, method, event_dict)
    for name, value in call_fields().items():
        event_dict.setdefault(name, value)
    return event_dict


def _note_event(lines: Lines, logger: object, method: str, event_dict: Mapping[str, Any]) -> None:
    """Note an event of structlog. One on its way to logging is noted there, if it passes, in the same words."""
    event = str(event_dict.get("event", ""))
    fields = [f"{name}={value!r}" for name, value in event_dict.items() if name not in _NO_FIELDS]
    text = "\n".join([" ".join([event, *fields]), *_stack(event_dict.get("exc_info"))])
    if isinstance(logger, logging.Logger):
        _announced.set((logger.name, event, text))
    else:
        lines.take(_line(lines, time.time(), _LEVELS.get(method, method.upper()), "", text))


def _stack(found: object) -> Iterable[str]:
    """The traceback of what structlog has in `exc_info`: an exception, or that it is the one that is being handled."""
    error = found if isinstance(found, BaseException) else sys.exception() if found else None
    return ["".join(traceback.format_exception(error)).rstrip()] if error is not None else []


def _note(record: logging.LogRecord) -> None:
    """Give a record to where the lines of its call go: once, whatever handlers it meets on its way."""
    lines = current_lines.get()
    if lines is None or _NOTED in record.__dict__ or is_sending():
        return
    setattr(record, _NOTED, True)
    lines.take(_line(lines, record.created, record.levelname, record.name, _text(record)))


def _text(record: logging.LogRecord) -> str:
    """What a record says, with its traceback. It stays as it is: how that is written is for the user's formatters."""
    announced, written = _announced.get(), record.exc_text
    _announced.set(None)
    try:
        if announced is not None and announced[0] == record.name and announced[1] in record.getMessage():
            return announced[2]
        return _FORMATTER.format(record)
    except Exception:  # arguments that do not fit: what the handlers make of it is theirs
        return str(record.msg)
    finally:
        record.exc_text = written


def _line(lines: Lines, at: float, level: str, logger: str, text: str) -> Mapping[str, Any]:
    call = _current.get()
    return {
        "at": int(at * 1000),
        "level": level,
        "logger": encodable(logger),
        "message": encodable(text[:LONGEST]),
        "step": current_step.get() or "",
        "attempt": lines.attempt if call is None else call.attempt,
    }


class _Noting(logging.Handler):
    """Notes the lines of every logger, and writes nothing: it needs no lock, and holds up no thread that logs."""

    @override
    def createLock(self) -> None:
        """Have none."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line, unless it is a repetition."""
        if not is_repeated():
            _note(record)


@lru_cache(maxsize=1)
def _noting() -> _Noting:
    return _Noting()


def note_every_logger() -> None:
    """Have what is logged in calls noted even without `setup`, if logging is configured.

    Where it is not, a handler on the root logger would change what Python does on its own with warnings.
    """
    root = logging.getLogger()
    if root.handlers and _noting() not in root.handlers:
        root.addHandler(_noting())


class LoggingMiddleware(Middleware):
    """Makes the fields of the call known to the filter and the processor."""

    @contextmanager
    def around_call(self, ctx: CallInput, function: Function[Any]) -> Generator[None]:
        """Note whose call it is."""
        token = _current.set(_Call(ctx.run_id, function.id, ctx.attempt))
        try:
            yield
        finally:
            _current.reset(token)

    @contextmanager
    def around_step(self, step: StepInfo) -> Generator[None]:
        """Note the step's own attempt: after a result was saved it is the first again."""
        call = _current.get()
        token = _current.set(None if call is None else replace(call, attempt=step.attempt))
        try:
            yield
        finally:
            _current.reset(token)


def setup(client: Inngest, *, handlers: Iterable[logging.Handler] | None = None) -> None:
    """Put the filter on handlers, those of the root logger if none are given, and the middleware into a client.

    Call it when logging is configured, and once for each client. Raises ConfigError if there is no handler.
    """
    found = list(logging.getLogger().handlers if handlers is None else handlers)
    if not found:
        raise ConfigError(
            "the root logger has no handler to put the filter on: configure logging first, with logging.basicConfig() "
            "for one, or say which handlers=[...]"
        )
    for handler in found:
        if not any(isinstance(known, ReplayFilter) for known in handler.filters):
            handler.addFilter(ReplayFilter())
    if LoggingMiddleware not in client.middleware:
        client.middleware = (LoggingMiddleware, *client.middleware)


class ContextLogger(logging.Logger):
    """`ctx.logger`: the client's own logger, without what a function logs again. It is known to nobody else."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger.name)
        self._logger: Final = logger
        self.parent = logger

    @override
    def isEnabledFor(self, level: int) -> bool:
        """Whether a line of this level is wanted, and is no repetition."""
        noted = level >= logging.INFO and current_lines.get() is not None
        return (self._logger.isEnabledFor(level) or noted) and not is_repeated()

    @override
    def handle(self, record: logging.LogRecord) -> None:
        """Note a line, if the client's logger lets it pass, and log it if its level is one that is logged."""
        passed: Any = self._logger.filter(record)
        if not passed:
            return
        kept = passed if isinstance(passed, logging.LogRecord) else record
        _note(kept)
        if self._logger.isEnabledFor(kept.levelno):
            self.callHandlers(kept)

    @override
    def getEffectiveLevel(self) -> int:
        """The level of the client's logger."""
        return self._logger.getEffectiveLevel()

    @override
    def getChild(self, suffix: str) -> ContextLogger:
        """A logger below the client's, as silent as this one."""
        return ContextLogger(self._logger.getChild(suffix))


def context_logger(logger: logging.Logger) -> logging.Logger:
    """The logger of a context; what is no standard logger is given to the function as it is."""
    return _silent(logger) if isinstance(logger, logging.Logger) else logger


@lru_cache(maxsize=64)
def _silent(logger: logging.Logger) -> ContextLogger:
    return ContextLogger(logger)
