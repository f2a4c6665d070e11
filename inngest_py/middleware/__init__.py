"""Hooks around a call."""

from inngest_py.middleware.base import (
    CallInput,
    EditedInput,
    ErrorReport,
    MemoOutput,
    Middleware,
    MiddlewareFactory,
    SendEventsResult,
    StepInfo,
    StepMemos,
    TransformOutputResult,
)

__all__ = [
    "CallInput",
    "EditedInput",
    "ErrorReport",
    "MemoOutput",
    "Middleware",
    "MiddlewareFactory",
    "SendEventsResult",
    "StepInfo",
    "StepMemos",
    "TransformOutputResult",
]
