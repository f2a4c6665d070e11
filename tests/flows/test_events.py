"""Sending events: in as few requests as servers take, without sending twice, and with the reason of a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, strategies as st

from driven import Driven, answer
from exchanges import sent_to_server
from inngest_py.errors import SendEventsError, ServerError, UnserializableError
from inngest_py.flows import events as flow
from inngest_py.flows.events import LARGE, MAX_BATCH, TRIES, Sending, send_events
from inngest_py.wire.codec import decode
from inngest_py.wire.event import Event
from inngest_py.wire.http import Response

NOW = 1_795_321_918_856
KEY = "secret/event key"
UNREACHABLE = ServerError("cannot be reached")


def entropy() -> Iterator[bytes]:
    return (number.to_bytes(10, "big") for number in range(100))


def sent(events: Iterable[Event[Any]], *answers: Response | Exception, jitter: float = 0) -> Driven[list[str]]:
    sending = Sending(
        origin="https://inn.gs",
        event_key=KEY,
        headers={"x-inngest-env": "branch"},
        events=list(events),
        now=NOW,
        entropy=entropy(),
        jitter=jitter,
    )
    return Driven(send_events(sending), answers)


def accepted(*ids: str) -> Response:
    return answer(200, {"ids": list(ids), "status": 200})


ONE = Event(name="a/b")


def test_a_large_event_is_sent_and_noted() -> None:
    noted: list[tuple[str, int]] = []
    frame = len('{"name":"a/large","data":{"text":""},"ts":1795321918856}')
    events = [Event(name="a/large", data={"text": "x" * (LARGE - frame + more)}) for more in (0, 1)]
    sending = Sending(
        origin="https://inn.gs",
        event_key=KEY,
        headers={},
        events=events,
        now=NOW,
        entropy=entropy(),
        jitter=0,
        note_large=lambda name, size: noted.append((name, size)),
    )

    driven = Driven(send_events(sending), [accepted("1", "2")])

    assert driven.result == ["1", "2"]
    assert noted == [("a/large", LARGE + 1)]


# Success -----------------------------------------------------------------------------------------------------------


def test_events_are_sent_as_a_real_sdk_sends_them() -> None:
    exchange = sent_to_server("signed_mode_send_event")[1]
    events = [Event(name="t/sent-a", data={"i": 1}), Event(name="t/sent-b", data={"i": 2}, id="my-id-1")]

    driven = sent(events, answer(200, exchange["response"]["body"]))

    (request,) = driven.requests
    assert decode(request.body) == exchange["body"]
    assert driven.result == exchange["response"]["body"]["ids"]


def test_the_key_is_part_of_the_address() -> None:
    (request,) = sent([ONE], accepted("1")).requests

    assert (request.method, request.url) == ("POST", "https://inn.gs/e/secret%2Fevent%20key")
    assert request.headers["x-inngest-env"] == "branch"


def test_no_event_is_no_request() -> None:
    driven = sent([])

    assert (driven.result, driven.requests) == ([], [])


def test_more_events_than_a_request_may_carry_are_sent_in_several() -> None:
    events = [Event(name="a/b", data={"i": number}) for number in range(2 * MAX_BATCH + 1)]
    answers = [accepted(*(f"{batch}.{number}" for number in range(size))) for batch, size in enumerate([5000, 5000, 1])]

    driven = sent(events, *answers)

    sizes = [[event["data"]["i"] for event in decode(request.body)] for request in driven.requests]
    assert [len(size) for size in sizes] == [5000, 5000, 1]
    assert list(chain.from_iterable(sizes)) == list(range(2 * MAX_BATCH + 1))
    assert (driven.result[0], driven.result[4999], driven.result[5000], driven.result[-1]) == (
        "0.0",
        "0.4999",
        "1.0",
        "2.0",
    )


def test_events_of_more_bytes_than_a_request_should_carry_are_sent_in_several() -> None:
    events = [Event(name="a/b", data={"text": "x" * 3_000_000}) for _ in range(5)]

    driven = sent(events, accepted("1", "2"), accepted("3", "4"), accepted("5"))

    assert [len(decode(request.body)) for request in driven.requests] == [2, 2, 1]
    assert driven.result == ["1", "2", "3", "4", "5"]


def test_an_event_that_is_too_large_by_itself_is_left_to_the_server() -> None:
    refusal = next(e for e in sent_to_server("event_api_cases") if "over the max size" in str(e["response"]["body"]))

    driven = sent([Event(name="a", data={"t": "x" * 9_000_000})], answer(400, refusal["response"]["body"]))

    assert str(driven.error) == (
        "the event API answered with status 400: Event is over the max size: Max 3145728 bytes / Size 3379234 bytes"
    )


@given(st.lists(st.integers(1, 40), max_size=30))
def test_however_large_events_are_each_is_sent_once_and_in_order(sizes: list[int]) -> None:
    bodies = [b"x" * size for size in sizes]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "MAX_REQUEST", 50)
        patch.setattr(flow, "MAX_BATCH", 4)
        requests = [request[1:-1].split(b",") for request in flow._requests(bodies)]

    assert list(chain.from_iterable(requests)) == bodies
    assert all(len(request) <= 4 for request in requests)
    assert all(sum(map(len, request)) <= 50 for request in requests)


# Trying again ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [UNREACHABLE, answer(500, b"oops"), answer(503, {"error": "busy"})])
def test_a_send_is_tried_again_while_the_server_has_trouble(trouble: Response | Exception) -> None:
    driven = sent([ONE], trouble, trouble, accepted("1"))

    assert driven.result == ["1"]
    assert len({request.headers["x-inngest-event-id-seed"] for request in driven.requests}) == 1
    assert len({request.body for request in driven.requests}) == 1


def test_the_pauses_grow_and_none_comes_after_the_last_try() -> None:
    driven = sent([ONE], *[UNREACHABLE] * TRIES)

    assert driven.pauses == [0.1, 0.2, 0.4, 0.8]
    assert len(driven.requests) == TRIES
    assert isinstance(driven.error, SendEventsError)
    assert str(driven.error) == "events were not sent: cannot be reached"


def test_jitter_makes_the_pauses_longer() -> None:
    assert sent([ONE], UNREACHABLE, accepted("1"), jitter=0.5).pauses == [pytest.approx(0.15)]


def test_each_request_has_a_seed_of_its_own() -> None:
    events = [ONE] * (MAX_BATCH + 1)

    driven = sent(events, UNREACHABLE, accepted("1"), accepted("2"))

    seeds = [request.headers["x-inngest-event-id-seed"] for request in driven.requests]
    assert seeds == [f"{NOW},AAAAAAAAAAAAAA==", f"{NOW},AAAAAAAAAAAAAA==", f"{NOW},AAAAAAAAAAAAAQ=="]


@pytest.mark.parametrize("status", [400, 401, 404, 405, 413, 429, 303])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    driven = sent([ONE], answer(status, {"error": "no"}))

    assert len(driven.requests) == 1
    assert str(driven.error).startswith(f"the event API answered with status {status}: no")


# Refusals ----------------------------------------------------------------------------------------------------------

SAID = [
    (exchange["response"]["status"], exchange["response"]["body"])
    for exchange in sent_to_server("event_api_cases")
    if exchange["path"].startswith("/e/")
    and exchange["method"] == "POST"
    and isinstance(exchange["response"]["body"], dict)
]


@pytest.mark.parametrize(("status", "body"), SAID, ids=lambda part: str(part)[-40:])
def test_what_a_real_server_says_to_a_send_is_passed_on(status: int, body: dict[str, Any]) -> None:
    driven = sent([ONE], answer(status, body))

    if status == 200:
        assert driven.result == body["ids"]
    else:
        assert isinstance(driven.error, SendEventsError)
        assert body["error"] in str(driven.error)
        assert driven.error.ids == [found for found in body["ids"] if found]


def test_what_was_accepted_before_a_refusal_is_told() -> None:
    refusal = answer(400, {"ids": ["3", ""], "status": 400, "error": "event name is empty"})

    driven = sent([ONE] * (MAX_BATCH + 2), accepted("1", "2"), refusal)

    assert isinstance(driven.error, SendEventsError)
    assert driven.error.ids == ["1", "2", "3"]
    assert driven.error.message == "the event API answered with status 400: event name is empty"


def test_a_wrong_event_key_is_named_in_the_servers_words() -> None:
    said = next(e for e in sent_to_server("signed_mode_server_auth_failures") if e["path"] == "/e/wrongkey")

    driven = sent([ONE], answer(401, said["response"]["body"]))

    assert str(driven.error) == (
        "the event API answered with status 401: Event key not found; "
        "is INNGEST_EVENT_KEY, or event_key, that of this server?"
    )


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(404, b"<html>not found</html>"), "the event API answered with status 404: <html>not found</html>"),
        (answer(200, b"<html>hello</html>"), "the event API answered with status 200: <html>hello</html>"),
        (answer(200, {"status": 200}), 'the event API answered with status 200: {"status":200}'),
        (answer(200, ["1"]), 'the event API answered with status 200: ["1"]'),
        (
            answer(401, {"message": "Unauthorized"}),
            (
                "the event API answered with status 401: Unauthorized; "
                "is INNGEST_EVENT_KEY, or event_key, that of this server?"
            ),
        ),
        (answer(400, b""), "the event API answered with status 400"),
        (answer(400, b"\xff" * 500), "the event API answered with status 400: " + "\ufffd" * 200),
        (answer(400, {"error": {"code": 5}}), "the event API answered with status 400: {'code': 5}"),
    ],
)
def test_an_answer_that_is_not_the_event_apis_is_shown(response: Response, said: str) -> None:
    driven = sent([ONE], response)

    assert isinstance(driven.error, SendEventsError)
    assert (str(driven.error), driven.error.ids) == (said, [])


@pytest.mark.parametrize("shown", ["/e/secret%2Fevent%20key", KEY])
def test_the_event_key_is_never_in_an_error(shown: str) -> None:
    driven = sent([ONE], answer(404, f"Cannot POST {shown}".encode()))

    assert str(driven.error).startswith("the event API answered with status 404: Cannot POST ")
    assert "secret" not in str(driven.error)


def test_the_event_key_is_never_shown() -> None:
    sending = Sending(
        origin="https://inn.gs", event_key=KEY, headers={}, events=[], now=NOW, entropy=entropy(), jitter=0
    )

    assert KEY not in repr(sending)


# Before anything is sent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Event(name="inngest/x"), 'event "inngest/x": names that begin with "inngest/" are the server\'s own'),
        (Event(name="Inngest/x"), "are the server's own"),
        (Event(name="a", ts=1_700_000_000), 'event "a": ts=1700000000 is not between 1980 and 2100'),
        (Event(name="a", ts=99_999_999_999_999), "is not between 1980 and 2100"),
    ],
)
def test_an_event_that_would_be_refused_keeps_all_from_being_sent(event: Event, reason: str) -> None:
    driven = sent([ONE, event])

    assert isinstance(driven.error, SendEventsError)
    assert reason in str(driven.error)
    assert driven.requests == []


def test_an_event_that_cannot_be_written_is_named_with_its_path() -> None:
    driven = sent([ONE, Event(name="order/placed", data={"lines": [object()]})])

    assert isinstance(driven.error, UnserializableError)
    assert driven.error.path == "$.data.lines[0]"
    assert 'in event "order/placed"' in str(driven.error)
    assert driven.requests == []
