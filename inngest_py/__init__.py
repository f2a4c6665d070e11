"""Durable step functions in the web app that you already have: a Python SDK for the Inngest protocol.

What a name stands for is imported when it is first asked for, so that nothing costs time that nobody uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inngest_py.version import VERSION as _VERSION

if TYPE_CHECKING:
    from inngest_py import ai
    from inngest_py.client import Inngest
    from inngest_py.config.checkpointing import Checkpointing
    from inngest_py.config.event_type import EventType
    from inngest_py.config.flow import (
        Batch,
        Cancel,
        Concurrency,
        Debounce,
        Priority,
        RateLimit,
        Singleton,
        Throttle,
        Timeouts,
    )
    from inngest_py.config.retries import Backoff, Retries
    from inngest_py.config.trigger import TriggerCron, TriggerEvent
    from inngest_py.engine.answers import FetchResponse, Signal
    from inngest_py.engine.identity import StepOptions
    from inngest_py.errors import (
        ConfigError,
        DivergenceError,
        EventDataError,
        InngestError,
        NonRetriableError,
        RetryAfterError,
        SendEventsError,
        ServerError,
        StepError,
        UnserializableError,
        UsageError,
    )
    from inngest_py.function import Function
    from inngest_py.handler import Handler
    from inngest_py.middleware.base import Middleware
    from inngest_py.steps.aio import Context, Group, Step
    from inngest_py.steps.inside import ParallelMode
    from inngest_py.steps.sync import ContextSync, GroupSync, StepSync
    from inngest_py.wire.event import Event
    from inngest_py.wire.http import Request, Response

__version__ = _VERSION

__all__ = [
    "Backoff",
    "Batch",
    "Cancel",
    "Checkpointing",
    "Concurrency",
    "ConfigError",
    "Context",
    "ContextSync",
    "Debounce",
    "DivergenceError",
    "Event",
    "EventDataError",
    "EventType",
    "FetchResponse",
    "Function",
    "Group",
    "GroupSync",
    "Handler",
    "Inngest",
    "InngestError",
    "Middleware",
    "NonRetriableError",
    "ParallelMode",
    "Priority",
    "RateLimit",
    "Request",
    "Response",
    "Retries",
    "RetryAfterError",
    "SendEventsError",
    "ServerError",
    "Signal",
    "Singleton",
    "Step",
    "StepError",
    "StepOptions",
    "StepSync",
    "Throttle",
    "Timeouts",
    "TriggerCron",
    "TriggerEvent",
    "UnserializableError",
    "UsageError",
    "__version__",
    "ai",
]

_HOMES = {
    "Backoff": "inngest_py.config.retries",
    "Batch": "inngest_py.config.flow",
    "Cancel": "inngest_py.config.flow",
    "Checkpointing": "inngest_py.config.checkpointing",
    "Concurrency": "inngest_py.config.flow",
    "ConfigError": "inngest_py.errors",
    "Context": "inngest_py.steps.aio",
    "ContextSync": "inngest_py.steps.sync",
    "Debounce": "inngest_py.config.flow",
    "DivergenceError": "inngest_py.errors",
    "Event": "inngest_py.wire.event",
    "EventDataError": "inngest_py.errors",
    "EventType": "inngest_py.config.event_type",
    "FetchResponse": "inngest_py.engine.answers",
    "Function": "inngest_py.function",
    "Group": "inngest_py.steps.aio",
    "GroupSync": "inngest_py.steps.sync",
    "Handler": "inngest_py.handler",
    "Inngest": "inngest_py.client",
    "InngestError": "inngest_py.errors",
    "Middleware": "inngest_py.middleware.base",
    "NonRetriableError": "inngest_py.errors",
    "ParallelMode": "inngest_py.steps.inside",
    "Priority": "inngest_py.config.flow",
    "RateLimit": "inngest_py.config.flow",
    "Request": "inngest_py.wire.http",
    "Response": "inngest_py.wire.http",
    "Retries": "inngest_py.config.retries",
    "RetryAfterError": "inngest_py.errors",
    "SendEventsError": "inngest_py.errors",
    "ServerError": "inngest_py.errors",
    "Signal": "inngest_py.engine.answers",
    "Singleton": "inngest_py.config.flow",
    "Step": "inngest_py.steps.aio",
    "StepError": "inngest_py.errors",
    "StepOptions": "inngest_py.engine.identity",
    "StepSync": "inngest_py.steps.sync",
    "Throttle": "inngest_py.config.flow",
    "Timeouts": "inngest_py.config.flow",
    "TriggerCron": "inngest_py.config.trigger",
    "TriggerEvent": "inngest_py.config.trigger",
    "UnserializableError": "inngest_py.errors",
    "UsageError": "inngest_py.errors",
    "ai": "inngest_py.ai",
}


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import a public name from its module."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(_HOMES[name])
        value = globals()[name] = module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)
        return value


def __dir__() -> list[str]:
    """What there is, imported or not."""
    return [*__all__]
