"""Checkpointing: several steps in one request, each result saved on the way."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from inngest_py.config.duration import Duration
from inngest_py.config.setting import Setting


class Checkpointing(Setting):
    """After a step the function goes on in the same request, and its results go to the checkpoint API (PROTOCOL 9.2).

    `buffered_steps` results are saved together, or those that have waited for `max_interval`. After `max_runtime` the
    request ends and the server asks again.
    """

    buffered_steps: Annotated[int, Field(ge=1, le=1000)] = 1
    max_interval: Duration | None = None
    max_runtime: Duration = "10s"
