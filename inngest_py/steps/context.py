"""What a function is given: the event, who is asking, and how often it has tried."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Self

from inngest_py.errors import StepError
from inngest_py.function import Function
from inngest_py.wire.event import Data, Event


@dataclass(frozen=True, kw_only=True)
class BaseContext(Generic[Data]):
    """The context of one execution.

    `event` is the event that triggered the run, `events` all of them where a function takes batches. `attempt`
    counts from 0, and starts again with every step; `max_attempts` is the retries plus one, or None if the server
    does not say. In an `on_failure` handler `error` is what the run failed with and `failed_event` the event that it
    was about; otherwise both are None.
    """

    app_id: str
    attempt: int
    event: Event[Data]
    events: Sequence[Event[Data]]
    function: Function[Any]
    job_id: str
    logger: logging.Logger
    max_attempts: int | None
    request_id: str
    run_id: str
    error: StepError | None = None
    failed_event: Event[Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, fields: Mapping[str, Any], **more: Any) -> Self:
        """Make one of all that it holds; a frozen dataclass sets its fields one by one, and is much slower at it."""
        made = object.__new__(cls)
        made.__dict__.update(fields, **more)
        return made
