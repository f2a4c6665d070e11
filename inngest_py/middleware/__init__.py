"""Hooks around a call."""

from inngest_py.middleware.base import (
    CallInput,
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
    "MemoOutput",
    "Middleware",
    "MiddlewareFactory",
    "SendEventsResult",
    "StepInfo",
    "StepMemos",
    "TransformOutputResult",
]
