"""Holds one execution of a replay against the run as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from inngest_py.dev.model import FINAL, RunStatus
from inngest_py.dev.reply import Done, Failed, Reply, Report
from inngest_py.testing.journal import UNKNOWN, Journal, Met
from inngest_py.testing.recording import RecordedStep, Recording, short


class Comparison:
    """The execution after `count` steps. `seen` are the steps that the replay has asked for up to now, by hash."""

    def __init__(self, recording: Recording, count: int, seen: dict[str, None]) -> None:
        self._recording: Final = recording
        self._rest: Final = recording.done[count:]
        self._seen: Final = seen

    def is_over(self, reply: Reply) -> bool:
        """Whether the function came to its end: what was still going on beside it does not matter then."""
        return not isinstance(reply, Report)

    def may_end(self, reply: Reply) -> bool:
        """Whether the run may have ended like this."""
        return self._ending(reply, UNKNOWN) is None

    def difference(self, reply: Reply, journal: Journal) -> str | None:
        """What is different from the run as it was, in a sentence without its end; None if nothing is."""
        found = self._met(list(journal.steps.values()))
        if found is not None:
            return found
        if self.is_over(reply):
            return self._ending(reply, journal.output)
        return self._missing(list(journal.steps.values()))

    def _met(self, met: Sequence[Met]) -> str | None:
        self._seen.update(dict.fromkeys(step.hashed for step in met))
        new = next((step for step in met if step.hashed not in self._recording.known), None)
        if new is not None:
            return f'it asks for step "{new.id}", {self._instead(new)}'
        for step in met:
            difference = self._recording.known[step.hashed].differs(step)
            if difference is not None:
                return f'step "{step.id}" is another one: {difference}'
        return None

    def _instead(self, new: Met) -> str:
        expected = self._next()
        if expected is not None:
            return f'where it asked for "{expected.id}" before'
        ended = self._recording.status in FINAL
        known = new.id in {step.id for step in self._recording.known.values()}
        again = " once more" if known else ""
        return f"where it came to its end before{again}" if ended else "which it did not ask for before"

    def _next(self) -> RecordedStep | None:
        """The next step that had a result and was not asked for, or None."""
        return next((step for step in self._rest if step.hashed not in self._seen), None)

    def _missing(self, met: Sequence[Met]) -> str | None:
        if not self._rest or self._rest[0].hashed in self._seen:
            return None
        expected = self._rest[0].id
        if not met:
            return f'it does not ask for step "{expected}", as it did before'
        return f'it asks for step "{met[0].id}", where it asked for "{expected}" before'

    def _ending(self, reply: Reply, output: Any) -> str | None:
        """What is different about the function's end."""
        recording = self._recording
        expected = next((step for step in recording.known.values() if step.memo is None), None)
        match reply:
            case Report():
                return None
            case Done() if recording.status is RunStatus.COMPLETED:
                return self._output(reply, output)
            case Failed() if recording.status is RunStatus.FAILED:
                return self._error(str(reply.error.get("name") or ""))
            case Failed():
                return f"it fails with {reply.error.get('name')}: {reply.error.get('message')}, which it did not before"
            case Done():
                waits = self._next() or expected
                where = "" if waits is None else f', where it went on to step "{waits.id}" before'
                return f"it returns{where}" if recording.status is RunStatus.FAILED or waits is not None else None

    def _output(self, reply: Done, output: Any) -> str | None:
        before = self._recording.output
        now = json.loads(reply.output) if output is UNKNOWN else output
        if before is UNKNOWN or now == before:
            return None
        waits = self._next()
        if waits is not None:
            return f'it returns {short(now)}, where it went on to step "{waits.id}" before'
        return f"it returns {short(now)}, and returned {short(before)} before"

    def _error(self, name: str) -> str | None:
        before = self._recording.error_name
        return None if not before or name == before else f"it fails with {name}, and failed with {before} before"
