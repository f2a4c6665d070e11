"""A run as a document, out of what the API says of it: a test replays it against the code of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = "inngest-py run"
VERSION: Final = 1
"""The version of the document. A change that an older reader would not understand makes it another."""

_DONE: Final = frozenset({"Completed", "Failed", "TimedOut"})


def document_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a run, as `GET /v1/runs/<id>?steps=true` shows it.

    `steps` are in the order in which they had their results, then those without; `id` is hashed (PROTOCOL 6.1),
    `output` without what it is wrapped in. `events` are those that started the run.
    """
    steps = sorted(run["steps"], key=_place)
    output = run.get("output")
    failed = run["status"] == "Failed"
    return {
        "format": FORMAT,
        "version": VERSION,
        "function": run["function"],
        "run_id": run["run_id"],
        "status": run["status"],
        "events": [{name: event[name] for name in ("id", "name", "data", "ts")} for event in run["events"]],
        "steps": [_step(step) for step in steps],
        "output": None if failed else output,
        "error": output if failed else None,
    }


def _place(step: Mapping[str, Any]) -> tuple[bool, int]:
    position = step.get("position")
    return position is None, position or 0


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    done = step.get("position") is not None and step["status"] in _DONE
    return {
        "id": step["id"],
        "name": step["name"],
        "op": step["op"],
        "done": done,
        "input": step["input"],
        "edited": step.get("edited", False),
        "output": step["output"],
        "error": step["error"],
    }
