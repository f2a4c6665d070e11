"""Today's code held against a run that was recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import inngest_py as inngest
from inngest_py import testing
from inngest_py.dev.commands import commands

GO = inngest.TriggerEvent(event="order/placed")

RECORDED: dict[str, Any] = {
    "format": "inngest-py run",
    "version": 1,
    "function": "shop-process-order",
    "run_id": "01KDVDNA000EFMYXYN1V9AQV94",
    "status": "Completed",
    "events": [{"id": "01KDVDNA0096S0R5FXVV6AB0ZM", "name": "order/placed", "data": {"n": 3}, "ts": 1767225600000}],
    "steps": [
        {
            "id": "0b4fb1a0e29d52a4ec7b7e3e2bd1f1ea7b8e3f6f",
            "name": "reserve",
            "op": "StepRun",
            "done": True,
            "input": None,
            "output": 3,
            "error": None,
        }
    ],
    "output": 6,
    "error": None,
}


def _step(name: str, op: str, output: Any = None, error: Any = None, *, done: bool = True) -> dict[str, Any]:
    from inngest_py.engine.identity import key_of

    hashed = key_of(name, 0).hashed
    fields = {"id": hashed, "name": name, "op": op, "done": done, "input": None, "edited": False}
    return {**fields, "output": output, "error": error}


def recorded(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The document of a run with these steps."""
    return {**RECORDED, "steps": list(steps), **fields}


COMPLETED = recorded(
    _step("reserve", "StepRun", 3), _step("nap", "Sleep"), _step("charge", "StepRun", {"id": "c1"}), output="c1"
)


def declared(handler: Callable[..., Any]) -> inngest.Function[Any]:
    """A plain function of an app, as it is today."""
    client = inngest.Inngest(app_id="shop")
    return client.create_function(fn_id="process-order", trigger=GO)(handler)


def never(*_: object) -> dict[str, str]:
    raise AssertionError("a step was executed")


def as_it_was(ctx: inngest.ContextSync) -> str:
    ctx.step.run("reserve", never, ctx.event.data["n"])
    ctx.step.sleep("nap", "1d")
    return ctx.step.run("charge", never)["id"]


def test_a_function_that_was_not_changed_passes_and_no_step_is_executed():
    testing.replay(declared(as_it_was), COMPLETED)


def test_a_file_is_read(tmp_path: Path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(COMPLETED))

    testing.replay(declared(as_it_was), file)
    testing.replay(declared(as_it_was), str(file))


def test_a_replay_can_be_awaited():
    async def test() -> None:
        await testing.areplay(declared(as_it_was), COMPLETED)

    asyncio.run(test())


def test_a_new_step_between_others_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        ctx.step.run("reserve", never, ctx.event.data["n"])
        ctx.step.run("check-fraud", never)
        ctx.step.sleep("nap", "1d")
        return ctx.step.run("charge", never)["id"]

    with pytest.raises(inngest.DivergenceError) as found:
        testing.replay(declared(changed), COMPLETED)

    assert found.value.steps == 1
    assert found.value.difference == 'it asks for step "check-fraud", where it asked for "nap" before'
    assert found.value.cause.startswith("the code is not what it was when the run was recorded")


def test_a_step_that_was_taken_away_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        ctx.step.sleep("nap", "1d")
        return ctx.step.run("charge", never)["id"]

    with pytest.raises(inngest.DivergenceError, match='asks for step "nap", where it asked for "reserve" before'):
        testing.replay(declared(changed), COMPLETED)


def test_a_step_of_another_kind_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        ctx.step.run("reserve", never)
        ctx.step.wait_for_event("nap", event="order/woken", timeout="1d")
        return ctx.step.run("charge", never)["id"]

    with pytest.raises(inngest.DivergenceError, match='"nap" is another one: it is a WaitForEvent now and was a Sleep'):
        testing.replay(declared(changed), COMPLETED)


def test_a_function_that_returns_too_early_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        ctx.step.run("reserve", never)
        return "early"

    with pytest.raises(inngest.DivergenceError, match='returns "early", where it went on to step "nap" before'):
        testing.replay(declared(changed), COMPLETED)


def test_another_output_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        return as_it_was(ctx).upper()

    with pytest.raises(inngest.DivergenceError, match='it returns "C1", and returned "c1" before'):
        testing.replay(declared(changed), COMPLETED)


def test_a_run_under_way_may_take_new_steps_after_what_it_has_done():
    document = recorded(
        _step("reserve", "StepRun", 3), _step("nap", "Sleep", done=False), status="Running", output=None
    )

    testing.replay(declared(as_it_was), document)


def test_a_function_that_fails_now_diverges():
    def changed(ctx: inngest.ContextSync) -> str:
        ctx.step.run("reserve", never)
        raise ValueError("out of order")

    with pytest.raises(inngest.DivergenceError, match="fails with ValueError: out of order, which it did not before"):
        testing.replay(declared(changed), COMPLETED)


def test_a_failed_step_fails_again():
    def caught(ctx: inngest.ContextSync) -> str:
        try:
            ctx.step.run("reserve", never)
        except inngest.StepError as error:
            return error.message
        return ""

    failed = _step("reserve", "StepFailed", error={"name": "ValueError", "message": "none left"})

    testing.replay(declared(caught), recorded(failed, output="none left"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "this is no recording of a run"),
        ({**RECORDED, "version": 2}, "this is no recording of a run"),
        ({"format": "inngest-py run", "version": 1}, "cannot be read: KeyError: 'steps'"),
    ],
)
def test_what_is_no_recording_is_said(document: dict[str, Any], said: str):
    with pytest.raises(inngest.UsageError, match=said):
        testing.replay(declared(as_it_was), document)


def test_a_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(inngest.UsageError, match=r'run.json" cannot be read'):
        testing.replay(declared(as_it_was), tmp_path / "run.json")


def test_a_run_is_exported_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shown = {
        "run_id": RECORDED["run_id"],
        "function": "shop-process-order",
        "status": "Completed",
        "events": [{**RECORDED["events"][0], "internal_id": "x"}],
        "steps": [
            _shown("charge", "StepRun", {"id": "c1"}, 2),
            _shown("reserve", "StepRun", 3, 0),
            _shown("nap", "Sleep", None, 1),
        ],
        "output": "c1",
    }

    async def run(*_: object) -> dict[str, Any]:
        return shown

    monkeypatch.setattr("inngest_py.dev.remote.Remote.run", run)
    file = tmp_path / "run.json"

    done = CliRunner().invoke(commands, ["runs", "9AQV94", "--export", str(file)])
    printed = CliRunner().invoke(commands, ["runs", "9AQV94", "--export", "-"])

    assert done.output == f"wrote {file}\n"
    assert json.loads(printed.output) == json.loads(file.read_text()) == COMPLETED
    testing.replay(declared(as_it_was), file)


def test_a_step_whose_input_was_edited_may_be_asked_for_with_any_other():
    @declared
    def doubled(ctx: inngest.ContextSync) -> Any:
        return ctx.step.run("double", lambda n: 2 * n, ctx.event.data["n"])

    edited = {**_step("double", "StepRun", 40), "input": [20], "edited": True}

    testing.replay(doubled, recorded(edited, output=40))
    with pytest.raises(inngest.DivergenceError, match=r"its input is \[3\] now and was \[20\]"):
        testing.replay(doubled, recorded({**edited, "edited": False}, output=40))


def test_a_signal_that_came_and_one_that_did_not_are_given_as_they_were():
    @declared
    def waits(ctx: inngest.ContextSync) -> Any:
        came = ctx.step.wait_for_signal("came", signal="go", timeout="1h")
        missed = ctx.step.wait_for_signal("missed", signal="stop", timeout="1h")
        return [came and came.data, missed]

    came = _step("came", "WaitForSignal", {"signal": "go", "data": {"n": 1}})

    testing.replay(waits, recorded(came, _step("missed", "WaitForSignal"), output=[{"n": 1}, None]))


def test_when_a_sleep_ends_may_be_computed_anew():
    @declared
    def sleeps(ctx: inngest.ContextSync) -> None:
        ctx.step.sleep_until("nap", datetime.now(UTC) + timedelta(hours=1))

    testing.replay(sleeps, recorded(_step("nap", "Sleep"), output=None))
    assert testing.run(sleeps).status == "Completed"


def test_a_step_that_is_used_once_more_is_said_to_be():
    @declared
    def twice(ctx: inngest.ContextSync) -> Any:
        return [ctx.step.run("reserve", lambda: 3) for _ in range(2)]

    with pytest.raises(inngest.DivergenceError, match='"reserve", where it came to its end before once more'):
        testing.replay(twice, recorded(_step("reserve", "StepRun", 3), output=[3]))


def test_a_run_that_failed_may_not_return_now_and_may_fail_with_anything_if_nobody_knows_with_what():
    @declared
    def returns(ctx: inngest.ContextSync) -> Any:
        return ctx.step.run("reserve", lambda: 3)

    @declared
    def fails(ctx: inngest.ContextSync) -> Any:
        ctx.step.run("reserve", lambda: 3)
        raise inngest.NonRetriableError("no")

    failed = recorded(_step("reserve", "StepRun", 3), status="Failed", output=None)

    with pytest.raises(inngest.DivergenceError, match="it returns"):
        testing.replay(returns, failed)
    testing.replay(fails, failed)


def _shown(name: str, op: str, output: Any, position: int) -> dict[str, Any]:
    return {**_step(name, op, output), "status": "Completed", "position": position}
