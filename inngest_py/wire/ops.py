"""Operations: what a function answers while it is not done (PROTOCOL 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from inngest_py.wire.codec import encode
from inngest_py.wire.failure import Failure


class Opcode(StrEnum):
    """The kinds of operation, by their names on the wire (PROTOCOL 6.2)."""

    NONE = "None"
    STEP = "Step"
    STEP_RUN = "StepRun"
    STEP_ERROR = "StepError"
    STEP_PLANNED = "StepPlanned"
    SLEEP = "Sleep"
    WAIT_FOR_EVENT = "WaitForEvent"
    INVOKE_FUNCTION = "InvokeFunction"
    AI_GATEWAY = "AIGateway"
    GATEWAY = "Gateway"
    WAIT_FOR_SIGNAL = "WaitForSignal"
    RUN_COMPLETE = "RunComplete"
    STEP_FAILED = "StepFailed"
    SYNC_RUN_COMPLETE = "SyncRunComplete"
    DISCOVERY_REQUEST = "DiscoveryRequest"
    DEFER_ADD = "DeferAdd"
    DEFER_ABORT = "DeferAbort"


@dataclass(slots=True)
class Op:
    """One operation.

    `id` is the hashed step id, `name` means the duration of a Sleep, the event of a WaitForEvent, else the step.
    `data` is the step's result as JSON text, so that it is written once. `step_id` and `index` are the id as the
    user wrote it and how often it had been used before (PROTOCOL 6.1).
    """

    op: Opcode
    id: str
    name: str
    display_name: str
    step_id: str
    index: int = 0
    opts: Mapping[str, Any] | None = None
    data: bytes | None = None
    failure: Failure | None = None

    def encode(self) -> bytes:
        """Write the operation as JSON text."""
        step_id = encode(self.step_id)
        name, shown = (step_id if text == self.step_id else encode(text) for text in (self.name, self.display_name))
        return b'{"op":"%b","id":%b,"name":%b,"displayName":%b,"opts":%b,"userland":%b,"data":%b%b}' % (
            self.op.encode(),
            encode(self.id),
            name,
            shown,
            b"null" if self.opts is None else encode(self.opts),
            b'{"id":%b,"index":%b}' % (step_id, b"%d" % self.index if self.index else b"null"),
            b"null" if self.data is None else self.data,
            b"" if self.failure is None else b',"error":' + encode(self.failure.to_json()),
        )


def encode_ops(ops: Iterable[Op]) -> bytes:
    """Write the operations of one reply as a JSON list."""
    return b"[" + b",".join(op.encode() for op in ops) + b"]"
