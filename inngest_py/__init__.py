"""Durable step functions in the web app that you already have: a Python SDK for the Inngest protocol."""

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
    EventDataError,
    InngestError,
    NonRetriableError,
    RetryAfterError,
    SendEventsError,
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
from inngest_py.version import VERSION as _VERSION
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
