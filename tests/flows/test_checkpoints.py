"""Saving results on the way: what is sent, what the answers mean, and an API that says nothing."""

from __future__ import annotations

import pytest

from app import call_body
from driven import Driven, answer
from inngest_py.engine.checkpoints import Saved
from inngest_py.errors import ServerError
from inngest_py.flows.checkpoints import PATIENCE, SILENCE, TRIES, Saver, Silence
from inngest_py.settings import read_settings
from inngest_py.wire.call import Call, read_call
from inngest_py.wire.codec import decode
from inngest_py.wire.http import Response
from inngest_py.wire.ops import Op, Opcode

NOW = 1_700_000_000.0
OP = Op(Opcode.STEP_RUN, "hash", "a", "a", "a", data=b"1")
UNREACHABLE = ServerError("no answer")
IDS = {"run_id": "R/1", "fn_id": "f", "qi_id": "q", "request_id": "r", "generation_id": 2}


def call(**ctx: object) -> Call:
    return read_call({"fnId": "app-fn", "stepId": "step"}, call_body(ctx=IDS | ctx))


def save(answers: list[Response | Exception], silence: Silence | None = None, **ctx: object) -> Driven[Saved]:
    settings = read_settings(is_production=False, api_base_url="http://api.test", environ={})
    saver = Saver(settings, call(**ctx), lambda: NOW, silence or Silence())
    return Driven(saver.save([OP]), answers)


def test_results_are_sent_with_the_ids_of_the_call() -> None:
    flow = save([answer(200)])

    (request,) = flow.requests
    assert (request.method, request.url) == ("POST", "http://api.test/v1/checkpoint/R%2F1/async")
    assert decode(request.body) == IDS | {
        "request_started_at": 1_700_000_000_000,
        "ts": 1_700_000_000_000,
        "steps": [decode(OP.encode())],
    }
    assert (flow.result, flow.timeouts) == (Saved.YES, [PATIENCE])


def test_an_id_that_the_server_did_not_give_is_not_sent() -> None:
    assert "generation_id" not in decode(save([answer(200)], generation_id=None).requests[0].body)


@pytest.mark.parametrize(
    ("status", "saved"),
    [(200, Saved.YES), (204, Saved.NO), (400, Saved.NO), (401, Saved.NO), (409, Saved.STALE), (413, Saved.NO)],
)
def test_an_answer_is_final_unless_the_server_has_trouble(status: int, saved: Saved) -> None:
    flow = save([answer(status)])

    assert (flow.result, flow.pauses) == (saved, [])


@pytest.mark.parametrize("trouble", [answer(500), answer(503), UNREACHABLE])
def test_a_server_that_has_trouble_is_asked_again(trouble: Response | Exception) -> None:
    flow = save([trouble, trouble, answer(200)])

    assert (flow.result, flow.pauses) == (Saved.YES, [0.2, 0.4])


@pytest.mark.parametrize("trouble", [answer(500), UNREACHABLE])
def test_after_some_tries_nothing_is_saved_and_that_is_said(trouble: Response | Exception) -> None:
    flow = save([trouble] * TRIES)

    assert (flow.result, len(flow.requests)) == (Saved.NO, TRIES)


def test_an_api_that_does_not_answer_is_left_alone_for_a_while() -> None:
    silence = Silence()

    assert not silence.lasts(NOW)
    save([UNREACHABLE] * TRIES, silence)

    assert silence.lasts(NOW)
    assert silence.lasts(NOW + SILENCE - 1)
    assert not silence.lasts(NOW + SILENCE)


@pytest.mark.parametrize("last", [answer(500), answer(200), answer(409)])
def test_an_api_that_answers_at_last_is_asked_again(last: Response) -> None:
    silence = Silence()

    save([UNREACHABLE, UNREACHABLE, last], silence)

    assert not silence.lasts(NOW)
