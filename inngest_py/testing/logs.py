"""The log of a run: every line that its function writes, even of a level that nobody is shown."""

from __future__ import annotations

import logging
from functools import lru_cache

from typing_extensions import override

from inngest_py.testing.journal import LogLine, current_journal


class _Noting(logging.Handler):
    """Notes each line in the journal of the run that is called, and passes it on if the logger behind wants it."""

    def __init__(self, behind: logging.Logger) -> None:
        super().__init__()
        self._behind = behind

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Note a line."""
        journal = current_journal.get()
        if journal is not None:
            journal.logs.append(LogLine(record.levelname, record.getMessage()))
        if self._behind.isEnabledFor(record.levelno):
            self._behind.handle(record)


class _RunLogger(logging.Logger):
    """A logger that is known to nobody else."""

    def __init__(self, behind: logging.Logger) -> None:
        super().__init__(behind.name, logging.DEBUG)
        self.propagate = False
        self.addHandler(_Noting(behind))


@lru_cache(maxsize=64)
def noting(logger: logging.Logger) -> logging.Logger:
    """A logger that notes what it is told before the given one has it."""
    return _RunLogger(logger)


def silence() -> logging.Logger:
    """A logger that tells nobody anything."""
    found = _RunLogger(logging.getLogger("inngest_py"))
    found.handlers.clear()
    found.setLevel(logging.CRITICAL + 1)
    return found
