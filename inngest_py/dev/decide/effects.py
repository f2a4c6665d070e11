"""An operation with what it is performed on, and what performing it can mean for the run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from inngest_py.dev.decide.turn import Turn
from inngest_py.dev.live import Live
from inngest_py.dev.model import Job
from inngest_py.dev.reply import ReplyOp


class Effect(Enum):
    """What an operation means for how its run goes on."""

    NOTHING = auto()
    """It changes nothing."""
    RESOLVED = auto()
    """Its step has a memo now: the function can go on."""
    PENDING = auto()
    """Its step will have a memo later, and make the function go on then."""
    RETRY = auto()
    """The same request will be made again."""
    NUDGE = auto()
    """It asks for the function to be run again, whatever else is under way."""
    ENDED = auto()
    """The run has ended."""


@dataclass(frozen=True, slots=True)
class Performance:
    """One operation of the reply to `job`. `group` is set if the operations of the reply are awaited together."""

    turn: Turn
    live: Live
    job: Job
    op: ReplyOp
    group: str
    no_retry: bool
    retry_at: int

    @property
    def name(self) -> str:
        """The name of the step for people."""
        return self.op.display_name or self.op.name or self.op.id
