"""Spans for OpenTelemetry: one for each execution of a function, and in it one for each attempt of a step.

Only OpenTelemetry's API is used: no provider is installed and nothing is sampled here, so without a provider of the
program's own nothing happens. The one importer of `opentelemetry`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from inngest_py.middleware.base import CallInput, ErrorReport, Middleware, MiddlewareFactory, StepInfo
from inngest_py.version import VERSION
from inngest_py.wire.http import Request

try:
    from opentelemetry import propagate, trace
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Status, StatusCode, TracerProvider
except ImportError as error:
    raise ImportError('tracing needs OpenTelemetry: pip install "inngest-py[opentelemetry]"') from error

if TYPE_CHECKING:
    from inngest_py.client import Inngest
    from inngest_py.function import Function


class OpenTelemetryMiddleware(Middleware):
    """Traces functions and their steps. A step that has its result already is no work, and has no span.

    A function's span is a child of the current one, such as that of the web framework's instrumentation; if there is
    none, of what the request's headers name (`traceparent`). Use it as it is, or `factory` for a provider other than
    the global one.
    """

    def __init__(
        self, client: Inngest, raw_request: object = None, tracer_provider: TracerProvider | None = None
    ) -> None:
        super().__init__(client, raw_request)
        self._tracer: Final = trace.get_tracer("inngest_py", VERSION, tracer_provider)
        self._spans: Final[dict[str, Span]] = {}
        self._ids: dict[str, str] = {}

    @classmethod
    def factory(cls, *, tracer_provider: TracerProvider) -> MiddlewareFactory:
        """Make what `Inngest(middleware=[...])` wants, for one provider."""
        return lambda client, raw_request: cls(client, raw_request, tracer_provider)

    @contextmanager
    def around_call(self, ctx: CallInput, function: Function[Any]) -> Generator[None]:
        """Trace the execution of a function."""
        self._ids = {
            "inngest.app.id": function.app_id,
            "inngest.function.id": function.id,
            "inngest.run.id": ctx.run_id,
        }
        about: dict[str, str | int] = {
            "inngest.attempt": ctx.attempt,
            "inngest.event.id": ctx.event.id,
            "inngest.event.name": ctx.event.name,
        }
        with self._span("", f"inngest.function {function.local_id}", about, self._parent()):
            yield

    @contextmanager
    def around_step(self, step: StepInfo) -> Generator[None]:
        """Trace an attempt of a step."""
        about: dict[str, str | int] = {
            "inngest.attempt": step.attempt,
            "inngest.step.id": step.id,
            "inngest.step.name": step.name,
        }
        with self._span(step.hashed_id, f"inngest.step {step.id}", about):
            yield

    def transform_error(self, report: ErrorReport) -> None:
        """Note what an attempt failed with."""
        span = self._spans.get("" if report.step is None else report.step.hashed_id)
        if span is not None:
            span.record_exception(report.error)
            span.set_status(Status(StatusCode.ERROR, f"{type(report.error).__name__}: {report.error}"))

    @contextmanager
    def _span(self, key: str, name: str, about: dict[str, str | int], parent: Context | None = None) -> Generator[None]:
        """A span that is current here; what ends the function at a step is no error, so none is taken from here."""
        attributes = {**self._ids, **about}
        span = self._tracer.start_span(name, parent, attributes=attributes)
        self._spans[key] = span
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield

    def _parent(self) -> Context | None:
        """Where the request comes from, unless the program traces that itself."""
        if trace.get_current_span().get_span_context().is_valid or not isinstance(self.raw_request, Request):
            return None
        return propagate.extract(self.raw_request.headers)
