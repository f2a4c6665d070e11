"""Logging that is silent while a function only repeats what it did before, and that says which run a line is from.

A function is called again from its top for each step. `ctx.logger` never repeats a line; `setup` does the same for
every other logger, through a filter, and puts `run_id`, `function_id`, `step_id` and `attempt` into the records. The
first line after the last stored result is new, and so is every line of a step's handler. What is tried again, because
it failed, is logged again, with another `attempt`.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Generator, Iterable, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from inngest_py.errors import ConfigError
from inngest_py.middleware.base import CallInput, Middleware, StepInfo
from inngest_py.steps.inside import current_plan, current_step

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


@dataclass(frozen=True, slots=True)
class _Call:
    run_id: str
    function_id: str
    attempt: int


_current: Final[ContextVar[_Call | None]] = ContextVar("inngest_logged_call", default=None)


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


_OUTSIDE: Final[dict[str, Any]] = {"run_id": "", "function_id": "", "step_id": "", "attempt": ""}


class ReplayFilter(logging.Filter):
    """Drops what a function logs again, and adds the fields of the call to other records, empty outside of functions.

    Put it on handlers: a filter on a logger does not see what comes from the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep a record. A field that the record has already stays as it is."""
        if is_repeated():
            return False
        for name, value in (call_fields() or _OUTSIDE).items():
            if name not in record.__dict__:
                setattr(record, name, value)
        return True


def structlog_processor(_logger: object, _method: str, event_dict: MutableMapping[str, Any]) -> Any:
    """Do the same as a processor of structlog: put it first, or after `merge_contextvars`."""
    if is_repeated():
        raise importlib.import_module("structlog").DropEvent
    for name, value in call_fields().items():
        event_dict.setdefault(name, value)
    return event_dict


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
        return self._logger.isEnabledFor(level) and not is_repeated()

    @override
    def getEffectiveLevel(self) -> int:
        """The level of the client's logger."""
        return self._logger.getEffectiveLevel()

    @override
    def filter(self, record: logging.LogRecord) -> Any:
        """What the filters of the client's logger say."""
        return self._logger.filter(record)

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
