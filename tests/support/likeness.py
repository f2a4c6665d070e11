"""What of a state must be the same after it was stored and loaded again: as values that can be compared."""

from __future__ import annotations

from typing import Any, Final

from inngest_py.dev.live import Live
from inngest_py.dev.model import JobStatus
from inngest_py.dev.state import State

_SAME: Final = ("apps", "buffers", "cancellations", "claims", "functions", "held", "jobs", "meters", "pauses")
_FLEETING: Final = {"cron", "gate"}
"""Timers that are not stored: they follow from the functions and the meters."""


def likeness(state: State) -> dict[str, Any]:
    """The parts of a state, by name."""
    parts: dict[str, Any] = {name: getattr(state, name) for name in _SAME}
    parts["live"] = {run_id: _run(live) for run_id, live in state.live.items()}
    parts["waits"] = {name: set(waiting) for name, waiting in state.waits.items()}
    parts["signals"], parts["singletons"] = dict(state.signals), dict(state.singletons)
    parts["starters"] = {name: set(slugs) for name, slugs in state.starters.items() if slugs}
    parts["timers"] = {key: due for key, due in state.timers._due.items() if key[0] not in _FLEETING}
    parts["used"] = {slot: used for slot, used in state.queue._used.items() if not slot.startswith("throttle:")}
    parts["ready"] = _ready(state)
    return {name: dict(value) if isinstance(value, dict) else value for name, value in parts.items()}


def _run(live: Live) -> dict[str, Any]:
    places = sorted(live.places, key=live.places.__getitem__)
    return {
        "run": live.run,
        "events": live.events,
        "memos": list(live.memos.items()),
        "parts": list(live.parts),
        "stack": list(live.stack),
        "jobs": places,
        "pauses": set(live.pauses),
        "groups": dict(live.groups),
        "by_step": dict(live.by_step),
        "defers": dict(live.defers),
        "size": live.size,
        "whole": live.whole,
        "lane": live.lane,
    }


def _ready(state: State) -> dict[Any, list[str]]:
    """The jobs that wait in each lane, in their order: what was dropped since does not count."""
    lanes = dict[Any, list[str]]()
    for lane, heap in state.queue._lanes.items():
        jobs = [state.jobs[job_id] for _, job_id in sorted(heap) if job_id in state.jobs]
        waiting = [job.id for job in jobs if job.status is JobStatus.READY]
        if waiting:
            lanes[lane] = waiting
    return lanes
