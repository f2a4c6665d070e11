"""Errors for Sentry: those of final attempts, with tags that say where they come from. The one importer of its SDK."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from inngest_py.errors import StepError
from inngest_py.middleware.base import CallInput, ErrorReport, Middleware, MiddlewareFactory, StepInfo
from inngest_py.middleware.logging import is_repeated

try:
    import sentry_sdk
    from sentry_sdk.scope import add_global_event_processor
except ImportError as error:
    raise ImportError('reporting to Sentry needs its SDK: pip install "inngest-py[sentry]"') from error

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

    from inngest_py.client import Inngest
    from inngest_py.function import Function

_SEEN: Final = "__inngest_seen__"


class SentryMiddleware(Middleware):
    """Reports errors. Use it as it is, or `factory` for other than the defaults.

    Reported are errors of steps and functions after which no attempt comes, each once, and no `quiet` ones. A
    function that ends with the error of its step is not reported beside the step. Tags and breadcrumbs stay within
    the call. The SDK's own log of failed attempts, which Sentry would take for errors too, is not reported.
    """

    def __init__(
        self,
        client: Inngest,
        raw_request: object = None,
        *,
        every_attempt: bool = False,
        step_errors: bool = True,
        flush: bool = False,
    ) -> None:
        super().__init__(client, raw_request)
        self._every_attempt: Final = every_attempt
        self._step_errors: Final = step_errors
        self._flush: Final = flush
        _ignore_our_log()

    @classmethod
    def factory(
        cls, *, every_attempt: bool = False, step_errors: bool = True, flush: bool = False
    ) -> MiddlewareFactory:
        """Make what `Inngest(middleware=[...])` wants.

        `every_attempt` reports also what will be tried again. Without `step_errors` only functions are reported,
        those that end with the error of a step too. `flush` waits until reports are sent before each reply, for
        where the process is frozen after it.
        """
        options: dict[str, Any] = {"every_attempt": every_attempt, "step_errors": step_errors, "flush": flush}
        return lambda client, raw_request: cls(client, raw_request, **options)

    @contextmanager
    def around_call(self, ctx: CallInput, function: Function[Any]) -> Generator[None]:
        """Keep what is known of this call apart from all others."""
        with sentry_sdk.isolation_scope() as scope:
            tags = {
                "inngest.app.id": function.app_id,
                "inngest.event.count": len(ctx.events),
                "inngest.event.id": ctx.event.id,
                "inngest.event.name": ctx.event.name,
                "inngest.function.id": function.local_id,
                "inngest.function.name": function.name,
                "inngest.run.id": ctx.run_id,
            }
            for name, value in tags.items():
                scope.set_tag(name, value)
            scope.add_event_processor(_without_repetitions)
            yield

    @contextmanager
    def around_step(self, step: StepInfo) -> Generator[None]:
        """Name the step in what is reported while it runs."""
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("inngest.step.id", step.id)
            scope.set_tag("inngest.step.name", step.name)
            yield

    def transform_error(self, report: ErrorReport) -> None:
        """Report what an attempt failed with."""
        error = report.error
        with suppress(AttributeError):  # an exception with __slots__
            setattr(error, _SEEN, True)
        if self._is_wanted(report):
            with sentry_sdk.new_scope() as scope:
                scope.set_tag("inngest.error.source", "function" if report.step is None else "step")
                scope.set_tag("inngest.attempt", report.attempt)
                scope.capture_exception(error)

    def _is_wanted(self, report: ErrorReport) -> bool:
        if getattr(report.error, "quiet", False) or not (report.final or self._every_attempt):
            return False
        if report.step is None:
            return not (self._step_errors and isinstance(report.error, StepError))
        return self._step_errors

    def before_response(self) -> Any:
        """Wait until everything is sent, if that is wanted, and without holding up the loop."""
        if not self._flush:
            return None
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return sentry_sdk.flush()
        return asyncio.to_thread(sentry_sdk.flush)


def _without_repetitions(event: Event, hint: Hint) -> Event | None:
    """Drop what a function logs again: Sentry sees records before any filter does."""
    return None if "log_record" in hint and is_repeated() else event


@cache
def _ignore_our_log() -> None:
    """Drop the log lines about errors that a middleware has judged, wherever they are written."""
    add_global_event_processor(_unless_judged)


def _unless_judged(event: Event, hint: Hint) -> Event | None:
    record = hint.get("log_record")
    if not isinstance(record, logging.LogRecord):
        return event
    return None if any(getattr(part, _SEEN, False) is True for part in _errors_of(record)) else event


def _errors_of(record: logging.LogRecord) -> Iterable[object]:
    args = record.args if isinstance(record.args, tuple) else ()
    return (*args, record.exc_info[1] if record.exc_info else None)
