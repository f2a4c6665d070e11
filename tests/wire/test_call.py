"""Reading calls: what a server sends is understood, anything else is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from exchanges import request_of, sent_to_app
from inngest_py.errors import InvalidJSONError, RequestError
from inngest_py.wire.call import Call, read_call
from json_values import INTEGERS, OBJECTS, TEXT, VALUES

QUERY = {"fnId": "shop-process-order", "stepId": "step"}


def body(ctx: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """The body of a call, with what a test says in place of what is usual."""
    usual: dict[str, Any] = {
        "ctx": {"run_id": "01M80Q1YZSGB9MH92X65WGRYRE", "attempt": 0, **(ctx or {})},
        "event": {"name": "order/placed", "data": {"a": 1}},
        "events": [{"name": "order/placed", "data": {"a": 1}}],
        "steps": {},
    }
    return json.dumps(usual | fields).encode()


def test_a_call_of_a_real_server_is_read_in_full() -> None:
    request = request_of(sent_to_app("signed_mode_two_steps")[1])

    call = read_call(request.query, request.body)

    assert call == Call(
        function_id="capsig-two-steps",
        target=None,
        run_id="01M80RCW8NB6CQ5CS2V21SWFDF",
        attempt=0,
        max_attempts=5,
        immediate=True,
        use_api=False,
        event=call.event,
        events=(call.event,),
        steps={"1419522417cff8c6ddd205cc9882d16411490c09": {"data": {"a": 1}}},
        stack=["1419522417cff8c6ddd205cc9882d16411490c09"],
        ids=call.ids,
    )
    assert (call.event.name, call.event.data, call.event.user) == ("t/two-steps", {"a": 1}, {})
    assert call.id("job_id") == "39zeyu7m3pj45"


@pytest.mark.parametrize(
    "name",
    ["signed_mode_send_event", "signed_mode_two_steps", "signed_mode_use_api", "large_state_use_api"],
)
def test_every_call_of_a_real_server_is_read(name: str) -> None:
    for exchange in sent_to_app(name):
        request = request_of(exchange)

        call = read_call(request.query, request.body)

        assert call.use_api is exchange["body"]["use_api"]
        assert call.steps == exchange["body"]["steps"]


def test_what_older_servers_leave_out_is_not_missed() -> None:
    call = read_call(
        {"fnId": "a", "stepId": "step"}, json.dumps({"ctx": {"run_id": "r"}, "event": {"name": "a/b"}}).encode()
    )

    assert (call.target, call.attempt, call.max_attempts, call.immediate) == (None, 0, None, True)
    assert (call.events, call.steps, call.stack, call.id("job_id")) == ((call.event,), {}, (), "")


def test_a_call_without_a_step_is_refused() -> None:
    with pytest.raises(RequestError, match="stepId is missing"):
        read_call({"fnId": "a"}, body())


def test_a_targeted_call_says_which_step_may_run() -> None:
    assert read_call({**QUERY, "stepId": "0612bcf5"}, body()).target == "0612bcf5"


@pytest.mark.parametrize("where", ["ctx", "top"])
def test_state_is_to_be_fetched_if_either_place_says_so(where: str) -> None:
    given = body({"use_api": True}) if where == "ctx" else body(use_api=True)

    assert read_call(QUERY, given).use_api


def test_a_new_step_may_not_run_in_place_if_the_server_says_so() -> None:
    assert not read_call(QUERY, body({"disable_immediate_execution": True})).immediate


def test_a_batch_is_read_event_by_event() -> None:
    events = [{"name": "a/b", "data": {"i": number}, "id": str(number)} for number in range(3)]

    call = read_call(QUERY, body(event=events[0], events=events))

    assert [(event.data, event.id) for event in call.events] == [({"i": 0}, "0"), ({"i": 1}, "1"), ({"i": 2}, "2")]


@pytest.mark.parametrize("stack", [None, {}, {"stack": None}, [], "x"])
def test_a_stack_that_says_nothing_is_empty(stack: object) -> None:
    assert read_call(QUERY, body({"stack": stack})).stack == ()


@pytest.mark.parametrize("query", [{}, {"fnId": ""}, {"stepId": "step"}])
def test_a_call_without_a_function_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="the query parameter fnId is missing"):
        read_call(query, body())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"null", "the body must be a JSON object, not null"),
        (b"[]", "the body must be a JSON object, not list"),
        (b"{}", "ctx must be a JSON object, not null"),
        (body(event=None), "an event must be a JSON object, not NoneType"),
        (body(event={"data": {}}), "an event needs a name"),
        (body(events="x"), "events must be a list, not str"),
        (body(events=[{"name": "a"}, 5]), "an event must be a JSON object, not int"),
        (body(steps=[1]), "steps must be a JSON object, not list"),
        (body({"run_id": None}), "ctx.run_id must be a string that is not empty, not None"),
        (body({"run_id": 5}), "ctx.run_id must be a string that is not empty, not 5"),
        (body({"run_id": ""}), "ctx.run_id must be a string that is not empty, not ''"),
        (body({"attempt": "1"}), "ctx.attempt must be a whole number from 0, not '1'"),
        (body({"attempt": 1.5}), "ctx.attempt must be a whole number from 0, not 1.5"),
        (body({"attempt": True}), "ctx.attempt must be a whole number from 0, not True"),
        (body({"attempt": -1}), "ctx.attempt must be a whole number from 0, not -1"),
        (body({"max_attempts": []}), r"ctx.max_attempts must be a whole number from 0, not \[\]"),
        (body({"stack": {"stack": {}}}), "ctx.stack.stack must be a list of step ids"),
        (body({"stack": {"stack": ["a", 1]}}), "ctx.stack.stack must be a list of step ids"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused_by_name(given: bytes, reason: str) -> None:
    with pytest.raises(InvalidJSONError, match=reason):
        read_call(QUERY, given)


CTX = st.fixed_dictionaries(
    {},
    optional={
        "run_id": st.just("01M8") | VALUES,
        "attempt": st.just(0) | INTEGERS | VALUES,
        "max_attempts": INTEGERS | VALUES,
        "stack": VALUES | st.fixed_dictionaries({"stack": st.lists(TEXT) | VALUES}),
        "use_api": st.booleans() | VALUES,
    },
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT | VALUES,
        "data": OBJECTS | VALUES,
        "id": TEXT | VALUES,
        "ts": INTEGERS | VALUES,
        "v": VALUES,
        "user": VALUES,
    },
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "ctx": CTX | VALUES,
        "event": EVENT | VALUES,
        "events": st.lists(EVENT | VALUES, max_size=3) | VALUES,
        "steps": OBJECTS | VALUES,
    },
)


@given(st.dictionaries(st.sampled_from(["fnId", "stepId", "x"]), TEXT), CALLS.map(json.dumps).map(str.encode))
def test_whatever_comes_is_a_call_or_refused(query: dict[str, str], given_body: bytes) -> None:
    try:
        call = read_call(query, given_body)
    except RequestError:
        return

    assert call.run_id
    assert call.attempt >= 0
    assert call.events
    assert all(isinstance(event.data, dict) and isinstance(event.name, str) for event in call.events)


@given(st.binary(max_size=60))
def test_whatever_bytes_come_are_a_call_or_refused(given_body: bytes) -> None:
    with pytest.raises(RequestError):
        read_call(QUERY, given_body)
