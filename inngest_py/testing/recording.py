"""A run as it was, to be held against what the function does today; and the document that it is kept in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inngest_py.dev import model
from inngest_py.dev.model import RunStatus
from inngest_py.dev.recorded import FORMAT, VERSION
from inngest_py.dev.texts import text_of
from inngest_py.errors import UsageError
from inngest_py.testing.journal import UNKNOWN, Journal, Met
from inngest_py.wire.codec import as_list, as_object, decode
from inngest_py.wire.ops import Opcode

_RUN_HERE: Final = frozenset({Opcode.STEP, Opcode.STEP_RUN, Opcode.STEP_ERROR, Opcode.STEP_FAILED})
_BARE: Final = frozenset({Opcode.SLEEP, Opcode.WAIT_FOR_EVENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """A step: `id` is how people know it, `memo` its result as JSON text, or None if it had none at the end."""

    hashed: str
    id: str
    op: str
    input: Any = UNKNOWN
    memo: str | None = None

    def differs(self, met: Met) -> str | None:
        """How a step that is asked for now differs from this one, or None."""
        if met.op != self.op:
            return f"it is a {met.op} now and was a {self.op}"
        if self.input is UNKNOWN or met.input == self.input:
            return None
        return f"its input is {short(met.input)} now and was {short(self.input)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A run. `done` are the steps that have a result, in the order in which they had it; `known` are all."""

    function: str
    run_id: str
    events: tuple[model.Event, ...]
    done: tuple[RecordedStep, ...]
    known: Mapping[str, RecordedStep]
    status: RunStatus
    output: Any = UNKNOWN
    error_name: str = ""
    max_attempts: int = 5
    created_at: int = 0


def recording_of(
    run: model.Run, steps: Sequence[model.Step], events: Sequence[model.Event], journal: Journal
) -> Recording:
    """The recording of a run in a test."""
    memos = {step.id: step.memo for step in sorted(steps, key=lambda step: step.position or 0)}
    known = {
        met.hashed: RecordedStep(hashed=met.hashed, id=met.id, op=met.op, input=met.input, memo=memos.get(met.hashed))
        for met in journal.steps.values()
    }
    error = as_object(decode((run.error or "null").encode())) or {}
    return Recording(
        function=run.function,
        run_id=run.id,
        events=tuple(events),
        done=tuple(known[hashed] for hashed, memo in memos.items() if memo is not None and hashed in known),
        known=known,
        status=run.status,
        output=journal.output,
        error_name=str(error.get("name") or ""),
        max_attempts=run.max_attempts,
        created_at=run.created_at,
    )


def read_recording(source: str | Path | Mapping[str, Any]) -> Recording:
    """The recording in a document, or in the file of that name. Raises UsageError for what is none."""
    document = source if isinstance(source, Mapping) else _load(Path(source))
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise UsageError(
            f'this is no recording of a run: it needs "format": "{FORMAT}" and "version": {VERSION}; '
            "make one with inngest-py runs RUN_ID --export run.json"
        )
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"this recording of a run cannot be read: {type(error).__name__}: {error}") from None


def _load(path: Path) -> Mapping[str, Any]:
    try:
        found = as_object(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(f'the recording "{path}" cannot be read: {error}') from None
    return found or {}


def _read(document: Mapping[str, Any]) -> Recording:
    steps = [_step(fields) for fields in as_list(document["steps"]) or ()]
    return Recording(
        function=document["function"],
        run_id=document["run_id"],
        events=tuple(map(_event, document["events"])),
        done=tuple(step for step in steps if step.memo is not None),
        known={step.hashed: step for step in steps},
        status=RunStatus(document["status"]),
        output=document.get("output"),
        error_name=str((as_object(document.get("error")) or {}).get("name") or ""),
        created_at=int(document["events"][0]["ts"]),
    )


def _step(fields: Mapping[str, Any]) -> RecordedStep:
    op = Opcode(fields["op"])
    given = None if fields.get("edited") else fields.get("input")  # the code asks with its own, and nobody knows which
    return RecordedStep(
        hashed=fields["id"],
        id=fields["name"],
        op=Opcode.STEP_PLANNED.value if op in _RUN_HERE else op.value,
        input=UNKNOWN if given is None else given,
        memo=_memo(op, fields),
    )


def _memo(op: Opcode, fields: Mapping[str, Any]) -> str | None:
    if not fields["done"]:
        return None
    if fields.get("error") is not None:
        return text_of({"error": fields["error"]})
    output = fields.get("output")
    return text_of(output if op in _BARE or (op is Opcode.WAIT_FOR_SIGNAL and output is None) else {"data": output})


def _event(fields: Mapping[str, Any]) -> model.Event:
    return model.Event(
        id=fields["id"],
        name=fields["name"],
        ts=int(fields["ts"]),
        received_at=int(fields["ts"]),
        data=text_of(fields["data"]),
    )


def short(value: Any) -> str:
    """A value as JSON, cut to a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"
