"""One active run, with what its next call needs."""

from __future__ import annotations

from bisect import insort
from typing import Any

from inngest_py.dev.model import Defer, Event, Job, Pause, Run, Step
from inngest_py.dev.texts import event_value, quoted


class Live:
    """A run, its events, steps, memos in completion order, jobs and pauses.

    `parts` are the memos as they stand in the body of a call: sorted, so that they only have to be joined. `stack` are
    the ids of their steps, quoted, in completion order.
    `places` are the numbers of the jobs, in the order in which they were made.
    `by_step` finds the job that executes a step; `groups` counts the unfinished siblings of each parallel report;
    `size` is the length of all memos, in characters; `stalls` counts replies in a row that moved nothing.
    `defers` is what was put off to the run's end, by its hashed id.
    `lane` is what each call needs, `whole` what the run holds from its start to its end. Its first call needs all
    slots of the run.
    """

    __slots__ = (
        "_made",
        "_value",
        "by_step",
        "defers",
        "events",
        "groups",
        "jobs",
        "lane",
        "memos",
        "parts",
        "pauses",
        "places",
        "run",
        "size",
        "stack",
        "stalls",
        "steps",
        "whole",
    )

    def __init__(self, run: Run, events: tuple[Event, ...]) -> None:
        self.run = run
        self.whole = tuple(slot for slot in run.slots if slot.whole)
        self.lane = tuple(slot for slot in run.slots if not (slot.whole or slot.gate))
        self.events = events
        self.steps: dict[str, Step] = {}
        self.memos: dict[str, str] = {}
        self.parts: list[str] = []
        self.stack: list[str] = []
        self.jobs: dict[str, Job] = {}
        self.places: dict[str, int] = {}
        self._made = 0
        self.pauses: dict[str, Pause] = {}
        self.groups: dict[str, int] = {}
        self.by_step: dict[str, str] = {}
        self.defers: dict[str, Defer] = {}
        self.size = 0
        self.stalls = 0
        self._value: dict[str, Any] | None = None

    @property
    def value(self) -> dict[str, Any]:
        """The run's first event, for expressions."""
        if self._value is None:
            self._value = event_value(self.events[0])
        return self._value

    @property
    def outstanding(self) -> bool:
        """Whether anything is under way that will make the run go on."""
        return bool(self.jobs) or any(pause.step_id for pause in self.pauses.values())

    def put_step(self, step: Step) -> None:
        """Remember a step; one with a memo takes the next place in the completion order."""
        if step.edited and step.id not in self.memos:
            self._put_input(step)
        self.steps[step.id] = step
        if step.memo is not None and step.id not in self.memos:
            self.memos[step.id] = step.memo
            self.size += len(step.memo)
            key = quoted(step.id)
            self.stack.append(key)
            insort(self.parts, f"{key}:{step.memo}")

    def _put_input(self, step: Step) -> None:
        """An edited input stands where the memo will, until there is one (PROTOCOL 5.1)."""
        part = f'{quoted(step.id)}:{{"input":{step.input}}}'
        if step.id not in self.steps:
            insort(self.parts, part)
        if step.memo is not None and part in self.parts:
            self.parts.remove(part)

    def put_job(self, job: Job) -> None:
        """Remember a job."""
        old = self.jobs.get(job.id)
        if old is None:
            self._made += 1
            self.places[job.id] = self._made
            self._join(job.group)
        elif old.step_id:
            self.by_step.pop(old.step_id, None)
        if job.step_id:
            self.by_step[job.step_id] = job.id
        self.jobs[job.id] = job

    def drop_job(self, job: Job) -> None:
        """Forget a job."""
        del self.jobs[job.id], self.places[job.id]
        self.by_step.pop(job.step_id, None)
        self._leave(job.group)

    def put_pause(self, pause: Pause) -> None:
        """Remember a pause."""
        if pause.id not in self.pauses:
            self._join(pause.group)
        self.pauses[pause.id] = pause

    def drop_pause(self, pause: Pause) -> None:
        """Forget a pause."""
        del self.pauses[pause.id]
        self._leave(pause.group)

    def _join(self, group: str) -> None:
        if group:
            self.groups[group] = self.groups.get(group, 0) + 1

    def _leave(self, group: str) -> None:
        if group:
            self.groups[group] -= 1
            if not self.groups[group]:
                del self.groups[group]
