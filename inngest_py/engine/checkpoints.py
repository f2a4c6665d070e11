"""Going on in the same request after a step: its result is saved on the way (PROTOCOL 9.2).

Whatever goes wrong with saving, the ordinary answer has the result, so that nothing is lost and nothing runs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from inngest_py.config.checkpointing import Checkpointing
from inngest_py.config.duration import parse_duration
from inngest_py.engine.effects import Flow
from inngest_py.engine.identity import key_of
from inngest_py.engine.plan import Plan
from inngest_py.wire.ops import Op, Opcode

MOST_BUFFERED: Final = 1024 * 1024
"""How many bytes of results wait to be saved together, however many steps may: what cannot be saved has to be answered,
and an answer has a largest size (PROTOCOL 17)."""


class Saved(Enum):
    """What became of saving results."""

    YES = auto()
    NO = auto()
    STALE = auto()
    """The server has given this request up and made another: nothing that is answered counts any more."""


class Checkpoints:
    """Decides after each step whether the function goes on. This one never lets it: each step is a request.

    `saved` says whether results were saved: a failure later in the request is then the first attempt of its step.
    """

    saved: bool = False

    def after_step(self, plan: Plan) -> Flow[bool]:
        """Whether the function goes on after the step that ran last."""
        yield from ()
        return False

    def before_answer(self, plan: Plan) -> Flow[None]:
        """Save what has not been saved, where the answer would not carry it."""
        yield from ()


NO_CHECKPOINTS: Final = Checkpoints()


class Checkpointed(Checkpoints):
    """Saves results as configured. `save` does it; `elapsed` is the age of the request in seconds."""

    def __init__(
        self, config: Checkpointing, save: Callable[[Sequence[Op]], Flow[Saved]], elapsed: Callable[[], float]
    ) -> None:
        self._save: Final = save
        self._elapsed: Final = elapsed
        self._most = config.buffered_steps
        self._interval = None if config.max_interval is None else parse_duration(config.max_interval).total_seconds()
        self._longest: Final = parse_duration(config.max_runtime).total_seconds()
        self._last = elapsed()
        self._bytes = 0

    def after_step(self, plan: Plan) -> Flow[bool]:
        """Whether the function goes on after the step that ran last."""
        if plan.target is not None or not plan.immediate:
            return False
        last = plan.unsaved[-1]
        if last.op is not Opcode.STEP_RUN:
            yield from self._save_earlier(plan)
            return False
        self._bytes += len(last.data or b"")
        late = self._elapsed() >= self._longest
        if not late and not self._is_due(plan):
            return True
        saved = yield from self._save_all(plan)
        if saved is Saved.YES and late:
            plan.unsaved.append(_ask_again(last))
        return _carries(plan) if saved is Saved.NO else saved is Saved.YES and not late

    def before_answer(self, plan: Plan) -> Flow[None]:
        """Save what has not been saved, where the answer would not carry it."""
        if plan.unsaved and not plan.carrying and (yield from self._save_all(plan)) is Saved.NO:
            plan.carry()

    def _is_due(self, plan: Plan) -> bool:
        waited = self._interval is not None and self._elapsed() - self._last >= self._interval
        return waited or len(plan.unsaved) >= self._most or self._bytes >= MOST_BUFFERED

    def _save_all(self, plan: Plan) -> Flow[Saved]:
        outcome = yield from self._save(plan.unsaved)
        if outcome is not Saved.NO:
            plan.unsaved.clear()
            self._bytes = 0
            self._last = self._elapsed()
            self.saved = True
        return outcome

    def _save_earlier(self, plan: Plan) -> Flow[None]:
        """Save what came before a step that failed, for an answer cannot carry both.

        If that is not possible the failed attempt is forgotten, rather than a result, and the step planned anew.
        """
        *earlier, failed = plan.unsaved
        if not earlier:
            return
        match (yield from self._save(earlier)):
            case Saved.YES:
                plan.unsaved[:] = [failed]
                self.saved = True
            case Saved.NO:
                plan.unsaved[:] = [*earlier, replace(failed, op=Opcode.STEP_PLANNED, failure=None)]
                plan.retry_after = None
                plan.carry()
            case Saved.STALE:
                plan.unsaved.clear()


def _carries(plan: Plan) -> bool:
    """Whether the function goes on with results that could not be saved: an answer with one of them is enough.

    Of several it goes on to what is to be planned after them, so that the server does not go on twice.
    """
    several = len(plan.unsaved) > 1
    if several:
        plan.carry()
    return several


def _ask_again(last: Op) -> Op:
    """The request has lasted long enough: have the server make another one."""
    key = key_of(f"discovery after {last.id}", 0)
    return Op(Opcode.DISCOVERY_REQUEST, key.hashed, key.id, "discovery", key.id)
