"""Functions that are data: what a run does stands in its event, and what must come of it follows from that.

A plan is a list of stages, a stage a list of things that are done at the same time. Each thing is a list: its kind, and
what belongs to it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flows import LATER
from inngest_py.dev.reply import Done, Failed, Reply, ReplyOp, Report
from inngest_py.wire.ops import Opcode

MANY: Final = 5
"""No run has more attempts."""

VERSION: Final = 2
_RUN: Final = frozenset({"run", "flaky", "ask", "signal"})
"""What the app executes itself."""

SHARED: Final = "shared"
"""A signal that several runs wait for."""

OPEN: Final = frozenset({"invoke", "rival"})
"""What comes to something that does not follow from the plan."""

SILENT: Final = frozenset({"throw", "defer"})
"""What has no result."""


def make_plan(chance: random.Random, targets: Sequence[str] = ()) -> list[Any]:
    """A plan by chance; one of `targets` may be invoked."""
    return [_stage(chance, targets) for _ in range(chance.choice((1, 1, 2)))]


def _stage(chance: random.Random, targets: Sequence[str]) -> list[Any]:
    kind = chance.randrange(15)
    if kind < 4:
        return [["run"]]
    if kind < 6:
        return [["flaky", chance.choice((1, 2, MANY))]]
    if kind == 6:
        return [["sleep", chance.randint(1, 30)]]
    if kind == 7:
        return [["miss", chance.randint(1, 20)]]
    if kind == 8:
        return [[thing] for thing in chance.choice((("wait", "ask"), ("signalled", "signal")))]
    if kind == 9:
        return [["run"], ["flaky", 1], ["sleep", 3]][: chance.randint(2, 3)]
    if kind in {10, 11} and targets:
        return [["invoke", chance.choice(targets), chance.choice(("5s", "60s")), make_plan(chance)]]
    if kind == 14:
        return [["rival", chance.choice(("", "replace")), chance.randint(1, 9)]]
    if kind == 12:
        return [["defer", chance.random() < 0.3]]
    return [chance.choice((["throw", 1], ["throw", 2], ["fetch"], ["fetch"], ["give up"]))]


def _ends(stage: list[Any], attempts: int) -> bool:
    """Whether a run fails for good at a stage."""
    return bool(stage[0][0] == "give up" or (stage[0][0] == "throw" and stage[0][1] >= attempts))


def deferred(plan: list[Any], attempts: int) -> set[str]:
    """What a run of a plan has put off at its end, by the place in the plan; what is aborted is not in it."""
    found = set[str]()
    for row, stage in enumerate(plan):
        if _ends(stage, attempts):
            break
        if stage[0][0] == "defer" and not stage[0][1]:
            found.add(f"{row}.0")
    return found


def meaning(plan: list[Any], number: int, attempts: int, memos: Mapping[str, Any]) -> tuple[str, Any]:
    """How a run of a plan ends when nothing goes wrong, its status and its result, if it has so many attempts.

    `memos` are those of steps whose result does not follow from the plan.
    """
    results = list[Any]()
    for row, stage in enumerate(plan):
        if _ends(stage, attempts):
            return "Failed", None
        for place, thing in enumerate(stage):
            memo = memos.get(f"{row}.{place}")
            if thing[0] not in SILENT:
                results.append(_result(thing, place, number, attempts) if memo is None else _memo(thing, memo))
    return "Completed", results


def _result(thing: list[Any], place: int, number: int, attempts: int) -> Any:
    match thing[0]:
        case "run" | "ask" | "signal":
            return f"{thing[0]} {place}"
        case "flaky":
            return f"flaky {place}" if thing[1] < attempts else {"error": "not yet"}
        case "wait" | "signalled":
            return number
        case "fetch":
            return "fetched"
        case _:
            return None


class Call:
    """A call that the app was given."""

    def __init__(self, body: bytes, target: str) -> None:
        value = json.loads(body)
        self.target = target
        self.run_id: str = value["ctx"]["run_id"]
        self.attempt: int = value["ctx"]["attempt"]
        self.last = self.attempt + 1 >= value["ctx"]["max_attempts"]
        self.planned: bool = value["ctx"]["disable_immediate_execution"]
        self.steps: dict[str, Any] = value["steps"]
        self.defers: dict[str, Any] = value["defers"]
        self.data: Mapping[str, Any] = value["event"]["data"]

    @property
    def plan(self) -> list[Any]:
        """What the run is to do."""
        plan: list[Any] = self.data.get("plan", [])
        return plan

    @property
    def number(self) -> int:
        """The number of the event."""
        number: int = self.data["n"]
        return number


def answer(call: Call) -> tuple[Reply, str]:
    """What the app answers, and the kind of the step that it executes for that, if any."""
    results = list[Any]()
    for row, stage in enumerate(call.plan):
        names = [f"{row}.{place}" for place in range(len(stage))]
        if stage[0][0] == "throw":
            if call.attempt < stage[0][1] and call.target == "step" and not _passed(call, row):
                return _failed("thrown"), ""
            continue
        if stage[0][0] == "give up":
            return _failed("give up", final=True), ""
        if stage[0][0] == "defer":
            op = _defer(call, f"{row}.0", aborted=stage[0][1]) if call.target == "step" else None
            if op is not None:
                return Report(ops=(op,), version=VERSION), ""
            continue
        new = [(name, thing) for name, thing in zip(names, stage, strict=True) if name not in call.steps]
        if not new:
            results += [_memo(thing, call.steps[name]) for name, thing in zip(names, stage, strict=True)]
            continue
        return _report(call, stage, new)
    return (_failed("the target is not there") if call.target != "step" else Done(json.dumps(results))), ""


def _defer(call: Call, name: str, *, aborted: bool) -> ReplyOp | None:
    """What a function that puts something off has to say yet, if anything."""
    if name not in call.defers:
        given = {"n": call.number, "of": name, "plan": [[["run"]]]}
        return ReplyOp(Opcode.DEFER_ADD, name, opts={"fn_slug": LATER, "input": given})
    if aborted and call.defers[name]["abortable"]:
        return ReplyOp(Opcode.DEFER_ABORT, f"{name}!", opts={"target_hashed_id": name})
    return None


def _passed(call: Call, row: int) -> bool:
    """Whether the run has already got further than a row."""
    return any(int(name.partition(".")[0]) > row for name in call.steps)


def _report(call: Call, stage: list[Any], new: list[tuple[str, Any]]) -> tuple[Reply, str]:
    if call.target != "step":
        found = [(name, thing) for name, thing in new if name == call.target]
        if not found:
            return _failed("the target is not there"), ""
        return _executed(call, *found[0]), found[0][1][0]
    if len(stage) == 1 and not call.planned and new[0][1][0] in _RUN:
        return _executed(call, *new[0]), new[0][1][0]
    return Report(ops=tuple(_op(call, name, thing) for name, thing in new), version=VERSION), ""


def _executed(call: Call, name: str, thing: list[Any]) -> Reply:
    place = name.partition(".")[2]
    if thing[0] == "flaky" and call.attempt < thing[1]:
        op = ReplyOp(Opcode.STEP_ERROR, name, error={"name": "Error", "message": "not yet"})
    else:
        op = ReplyOp(Opcode.STEP_RUN, name, data=json.dumps(f"{thing[0]} {place}"))
    return Report(ops=(op,), version=VERSION)


def _op(call: Call, name: str, thing: list[Any]) -> ReplyOp:
    match thing[0]:
        case "sleep":
            return ReplyOp(Opcode.SLEEP, name, f"{thing[1]}s")
        case "miss":
            return ReplyOp(Opcode.WAIT_FOR_EVENT, name, "t/never", opts={"timeout": f"{thing[1]}s"})
        case "wait":
            opts = {"timeout": "300d", "if": "async.data.n == event.data.n"}
            return ReplyOp(Opcode.WAIT_FOR_EVENT, name, "t/answer", opts=opts)
        case "signalled":
            opts = {"timeout": "300d", "signal": f"signal {call.run_id}"}
            return ReplyOp(Opcode.WAIT_FOR_SIGNAL, name, opts=opts)
        case "rival":
            opts = {"timeout": f"{thing[2]}s", "signal": SHARED, "conflict": thing[1]}
            return ReplyOp(Opcode.WAIT_FOR_SIGNAL, name, opts=opts)
        case "fetch":
            return ReplyOp(Opcode.GATEWAY, name, opts={"url": "http://other.test"})
        case "invoke":
            given = {"n": call.number, "k": call.data.get("k"), "plan": thing[3]}
            about: dict[str, Any] = {"function_id": thing[1], "payload": {"data": given}, "timeout": thing[2]}
            return ReplyOp(Opcode.INVOKE_FUNCTION, name, opts=about)
        case _:
            return ReplyOp(Opcode.STEP_PLANNED, name)


def _memo(thing: list[Any], memo: Any) -> Any:
    match thing[0]:
        case "wait":
            return memo["data"]["n"]
        case "signalled":
            return memo["data"]["data"]
        case "rival":
            return memo
        case "fetch":
            return memo["data"]["body"]
        case "sleep" | "miss":
            return memo
        case _:
            return {"error": memo["error"]["message"]} if "error" in memo else memo["data"]


def _failed(message: str, *, final: bool = False) -> Failed:
    error = {"error": message, "name": "Error", "message": message}
    return Failed(error=error, output=json.dumps(error), final=final)
