"""The plan of one execution: which steps were met, which one may run, and what is to be answered.

A step with a memo never comes here. One without is met, and told `RUN` or `REPORT`. Both faces of a step ask the
same plan; the async one decides about the steps that wait only when the function has settled (PROTOCOL 5.2, 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum, auto
from functools import partial
from types import NoneType
from typing import Any, Final, cast

from inngest_py.engine.identity import Identities, Key
from inngest_py.engine.memory import ABSENT, Memory
from inngest_py.engine.parallel import Turns
from inngest_py.errors import StepNotFoundError
from inngest_py.wire.failure import Failure
from inngest_py.wire.ops import Op, Opcode

_PLAIN: Final = frozenset({dict, list, str, int, float, bool, NoneType})

MOST_NAMED: Final = 25
"""How many of the steps that were found an error message names."""


class Answer(Enum):
    """What a step without a memo is told."""

    RUN = auto()
    """Run here and now, and note the result."""
    REPORT = auto()
    """Wait to be reported: this execution ends without a result for it."""


@dataclass(slots=True)
class Step:
    """A step that has no memo. `opcode` is the one under which it is reported; what runs here is only planned."""

    key: Key
    opcode: Opcode
    op_name: str
    opts: Mapping[str, Any] | None = None

    @property
    def runs_here(self) -> bool:
        """Whether this side executes it, and not the server."""
        return self.opcode is Opcode.STEP_PLANNED

    @property
    def may_run_in_place(self) -> bool:
        """Whether it may run unplanned: in a race it may have been planned before, and be running (PROTOCOL 8)."""
        return self.runs_here and (self.opts or {}).get("parallelMode") != "race"

    @property
    def is_wrapped(self) -> bool:
        """Whether its memo is `{"data": ...}` or `{"error": ...}`, and not bare (PROTOCOL 6.3)."""
        return self.opcode not in {Opcode.SLEEP, Opcode.WAIT_FOR_EVENT}

    def planned(self) -> Op:
        """The operation that asks the server for it."""
        return self._op(self.opcode)

    def ran(self, data: bytes) -> Op:
        """The operation that says what it returned, as JSON text."""
        return self._op(Opcode.STEP_RUN, data=data)

    def failed(self, failure: Failure, *, final: bool) -> Op:
        """The operation that says how it failed, for good or to be tried again."""
        return self._op(Opcode.STEP_FAILED if final else Opcode.STEP_ERROR, failure=failure)

    def _op(self, opcode: Opcode, *, data: bytes | None = None, failure: Failure | None = None) -> Op:
        key = self.key
        return Op(opcode, key.hashed, self.op_name, key.name, key.id, key.repeat, self.opts, data, failure)


@dataclass(slots=True)
class Place:
    """Where a plain function is in a group: after which memos of a branch, and with how many branches still to call."""

    branches: int
    last: str | None = None
    memos: int = 0

    def is_passed(self, turns: Turns) -> bool:
        """Whether there are more memos ahead than those that the other branches can have by now.

        In branches of different lengths that cannot be known, and then a place is taken for new rather than for old.
        """
        if self.last is None:
            return True
        later = sum(1 for _ in turns.ahead(self.last))
        return later > self.branches or sum(1 for _ in turns.ahead()) > self.branches * self.memos


class Plan:
    """The state of one execution of a function.

    `target` is the hashed id of the only step that may run, or None; `immediate` allows to run a single new step in
    place. `found` are the steps that were met and have no memo; `unsaved` are the operations of those that ran and
    that the server does not know of yet. `asked` are the steps with a memo for which tasks wait, each with its wave;
    `place` is where a plain function is in a group. `error` is what a step raised, and `failed` its id. Once
    `interrupted`, nothing is met any more, and the plan is what is answered.
    """

    __slots__ = (
        "_disorder",
        "_notes",
        "asked",
        "carrying",
        "error",
        "failed",
        "found",
        "identities",
        "immediate",
        "interrupted",
        "memory",
        "place",
        "reporting",
        "retry_after",
        "target",
        "turns",
        "unsaved",
    )

    def __init__(self, memory: Memory, *, target: str | None = None, immediate: bool = True) -> None:
        delivered_before = target is not None and memory.recall(target) is not ABSENT
        self.target = None if delivered_before else target
        self.immediate = immediate and not delivered_before
        self.memory = memory
        self.turns = Turns(memory)
        self.identities = Identities()
        self.found: list[Step] = []
        self.unsaved: list[Op] = []
        self.carrying = False
        self.retry_after: str | None = None
        self.error: BaseException | None = None
        self.interrupted = False
        self.reporting = False
        self.failed: str | None = None
        self._notes: list[str] = []
        self._disorder: tuple[str, str] | None = None
        self.asked: dict[str, int] = {}
        self.place: Place | None = None

    @property
    def replaying(self) -> bool:
        """Whether the function is still where it has been before: its log lines and the like are repetitions.

        To execute a step on request is to repeat how it was found. Otherwise what comes after the latest wave of memos
        is new: parallel branches go in step, and a wave is what they asked for at the same time (PROTOCOL 8).
        """
        if self.target is not None:
            return True
        turns = self.turns
        if turns.expected is None:
            return False
        if self.place is not None:
            return self.place.is_passed(turns)
        late = (hashed not in self.asked or self.asked[hashed] > turns.wave for hashed in turns.ahead())
        return not self.found and any(late)

    def meet(self, step: Step, *, alone: bool) -> Answer:
        """Note a step without a memo. `alone` says that no other step can be met before this one has its result."""
        self.found.append(step)
        if self.target is not None:
            return Answer.RUN if step.runs_here and step.key.hashed == self.target else Answer.REPORT
        return Answer.RUN if alone and self.settle() is step else Answer.REPORT

    def settle(self) -> Step | None:
        """The step to run in place now that no other can be met, or None: then those found are to be reported."""
        alone = self.target is None and self.immediate and len(self.found) == 1
        return self.found[0] if alone and self.found[0].may_run_in_place else None

    def forget(self, step: Step) -> None:
        """Drop a step that ran, or that the user's code has stopped waiting for."""
        self.found = [found for found in self.found if found.key.hashed != step.key.hashed]

    def ran(self, step: Step, op: Op, error: BaseException | None = None, retry_after: str | None = None) -> None:
        """Note what became of a step that ran. Unless the plan goes on, it is what is answered, come what may."""
        self.forget(step)
        self.unsaved.append(op)
        self.error = error
        self.failed = None if error is None else step.key.id
        self.retry_after = retry_after
        self.interrupted = True

    def report(self) -> None:
        """End this execution with a report of the steps that were found."""
        self.reporting = True
        self.interrupted = True

    def carry(self) -> None:
        """Run no further step in place: what could not be saved is part of the answer."""
        self.carrying = True
        self.immediate = False

    @property
    def notes(self) -> Sequence[str]:
        """What the log is to be told; read it when the function has ended."""
        if self._disorder is None:
            return self._notes
        expected, asked = map(self.identities.name_of, self._disorder)
        disorder = (
            f"the next completed step is {expected}, but the function asks for {asked}: was it changed while it ran? "
            "It goes on with what is there"
        )
        return [disorder, *self._notes]

    def note_disorder(self, asked: str) -> None:
        """Note, once, that a step is asked for, by its hashed id, before one that was completed earlier."""
        expected = self.turns.expected
        late = expected not in {None, asked} and self.memory.position(asked) is not None
        if expected is not None and late and self._disorder is None:
            self._disorder = (expected, asked)

    def note_untyped(self, step: Step, handler: Callable[..., Any], output: object) -> None:
        """Note that a result will come back as a dict, because nothing says what it is."""
        kind = type(output)
        if kind in _PLAIN:
            return
        if (hasattr(kind, "model_fields") or is_dataclass(output)) and "return" not in _annotations(handler):
            self._notes.append(
                f'step "{step.key.id}" returns a {kind.__name__}, and will give a dict when it is replayed: annotate '
                f"its function with -> {kind.__name__}, or give output_type={kind.__name__}"
            )

    def note_inexact(self, step: Step, output: object) -> None:
        """Note that a whole number will not come back as it is, because servers read numbers as doubles."""
        found = next(filter(_is_inexact, _leaves(output)), None)
        if found is not None:
            self._notes.append(
                f'step "{step.key.id}" returns {found}, and will give {int(float(cast("int", found)))} when it is '
                "replayed: servers keep whole numbers up to 2^53 exactly; make it a string"
            )

    def note_swallowed(self, line: str) -> None:
        """Note that the function went on where it was stopped, at a step in `line`; what it did then is ignored."""
        self._notes.append(
            f"the function caught what stops it at a step, called in {line}: something like `except:` or `except "
            "BaseException:` is around it. What it did after that is ignored"
        )

    def operations(self) -> Sequence[Op]:
        """The operations to answer with. Raises StepNotFoundError if a target was never met (PROTOCOL 5.2)."""
        if self.unsaved and not self.carrying:
            return self.unsaved
        if self.target is None:
            return [*self.unsaved, *(step.planned() for step in self.found)]
        wanted = [step.planned() for step in self.found if step.key.hashed == self.target]
        return wanted or self._not_found(self.target)

    def _not_found(self, target: str) -> Sequence[Op]:
        found = ", ".join(f'"{step.key.id}"' for step in self.found[:MOST_NAMED]) or "none"
        raise StepNotFoundError(
            f"the function has no step {target} where the server expects one; the steps without a result are: {found}. "
            "Was the function changed while it ran?"
        )


def _is_inexact(value: object) -> bool:
    return isinstance(value, int) and int(float(value)) != value


def _leaves(value: object) -> Iterator[object]:
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            rest.extend(cast("dict[str, object]", part).values())
        elif isinstance(part, list):
            rest.extend(cast("list[object]", part))
        else:
            yield part


def _annotations(handler: Any) -> Mapping[str, Any]:
    while isinstance(handler, partial):
        handler = handler.func
    return getattr(handler, "__annotations__", {})
