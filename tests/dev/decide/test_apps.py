"""What becomes of a function, and of its runs, when its app registers without it."""

from __future__ import annotations

import json

import pytest

from inngest_py.dev.happenings import AppRemoved
from inngest_py.dev.model import RunStatus
from inngest_py.dev.notices import AppSynced
from inngest_py.dev.simulation import START


def unknown(kit):
    """What an app answers to a call for a function that it does not have (PROTOCOL 5.2)."""
    reply = kit.failure("function f not found")
    body = {"code": "function_not_found", "message": "function f not found", "name": "FunctionNotFoundError"}
    return type(reply)(500, reply.headers, json.dumps(body).encode())


def leave(world, kit):
    """The app registers again, with none of its functions."""
    world.simulation.register(kit.registration(kit.config("new")))


def test_a_function_that_is_gone_is_started_by_no_event_no_wildcard_and_no_schedule(world, kit):
    triggers = [{"event": "t/f"}, {"event": "t/*"}, {"cron": "* * * * *"}]
    world.function("f", lambda _: kit.done(), triggers=triggers)

    leave(world, kit)
    world.send("t/f")
    world.simulation.advance(120_000)

    assert world.runs("f") == []


def test_nor_is_one_whose_app_was_removed(world, kit):
    world.function("f", lambda _: kit.done(), triggers=[{"event": "t/f"}, {"cron": "* * * * *"}])

    assert world.simulation.happen(AppRemoved("http://app.test/api/inngest")) is True
    world.send("t/f")
    world.simulation.restart()
    world.simulation.advance(120_000)

    assert world.runs("f") == []


@pytest.mark.parametrize("rule", [{"debounce": {"period": "5s"}}, {"batchEvents": {"maxSize": 2, "timeout": "5s"}}])
def test_events_that_were_held_back_for_it_start_it_no_more(world, kit, rule):
    world.function("f", lambda _: kit.done(), **rule)
    world.send("t/f")

    leave(world, kit)
    world.simulation.restart()
    world.simulation.advance(5000)

    assert world.runs("f") == []
    assert not world.simulation.state.buffers


def test_a_run_of_a_function_that_is_gone_fails_clearly_once_the_app_does_not_know_it(world, kit):
    world.function("f", lambda _: unknown(kit))
    world.send("t/f", ts=START + 1000)

    leave(world, kit)
    world.run()

    run = world.only("f")
    assert (run.status, run.ended_at) == (RunStatus.FAILED, START + 1000)
    assert json.loads(run.error or "")["message"] == (
        'function "f" is gone: app "app" has registered without it, and does not know it any more'
    )
    assert len(world.calls) == 1


def test_a_run_of_a_function_that_is_gone_goes_on_if_the_app_still_knows_it(world, kit):
    world.function("f", lambda call: kit.done("ran") if call.steps else kit.ops(kit.op("Sleep", "s", name="1h")))
    world.send("t/f")
    world.settle()

    leave(world, kit)
    world.run()

    assert world.output("f") == "ran"


def test_an_app_that_does_not_know_a_function_it_has_registered_is_asked_again(world, kit):
    answers = [unknown(kit), kit.done("known again")]
    world.function("f", lambda call: answers[call.ctx["attempt"]])

    world.send("t/f")
    world.run()

    assert world.output("f") == "known again"


def test_it_is_said_how_many_runs_of_functions_that_are_gone_are_still_active(world, kit):
    world.function("f", lambda _: kit.ops(kit.op("Sleep", "s", name="1h")))
    for _ in range(2):
        world.send("t/f")

    leave(world, kit)

    told = world.simulation.told(AppSynced)[-1]
    assert (told.archived, told.left) == (("f",), 2)
