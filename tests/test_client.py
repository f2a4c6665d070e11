"""The client: sending in both colours, over any number of event loops, to servers that answer well, badly or not."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx
import pytest
from pydantic import BaseModel

from app import EVENT_KEY, SIGNING_KEY, Server
from inngest_py import (
    ConfigError,
    Event,
    EventType,
    Inngest,
    Middleware,
    SendEventsError,
    TriggerEvent,
    UnserializableError,
)
from inngest_py.flows import events as flow
from inngest_py.wire.codec import decode, encode
from inngest_py.wire.http import Request, Response
from small_server import SmallServer, serving

Sender = Callable[[Inngest, Any], list[str]]


def plainly(client: Inngest, events: Any) -> list[str]:
    return client.send_sync(events)


def in_a_loop(client: Inngest, events: Any) -> list[str]:
    return asyncio.run(client.send(events))


both_colours = pytest.mark.parametrize("send", [plainly, in_a_loop])


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pauses between tries are those of flows/test_events.py; here they last no time. Nothing is left open."""
    monkeypatch.setattr(flow, "_FIRST_PAUSE", 0)
    yield
    gc.collect()


def accepting(asked: httpx.Request) -> httpx.Response:
    return httpx.Response(
        200, json={"ids": [f"id-{event['data'].get('i')}" for event in decode(asked.content)], "status": 200}
    )


def connected(server: Server, **settings: Any) -> Inngest:
    given: dict[str, Any] = {"is_production": True, "event_key": EVENT_KEY, "base_url": "http://events.test"}
    return Inngest(app_id="shop", http_client=server.http_client, **given | settings)


# Sending -----------------------------------------------------------------------------------------------------------


@both_colours
def test_the_ids_of_events_are_given_in_their_order(send: Sender) -> None:
    server = Server(accepting)
    events = [Event(name="a/b", data={"i": number}) for number in range(3)]

    assert send(connected(server), events) == ["id-0", "id-1", "id-2"]
    assert str(server.requests[0].url) == f"http://events.test/e/{EVENT_KEY}"


@both_colours
@pytest.mark.parametrize(
    "given",
    [lambda event: event, lambda event: [event], lambda event: (event,), lambda event: iter([event])],
    ids=["alone", "list", "tuple", "iterator"],
)
def test_an_event_may_come_alone_or_in_anything_that_can_be_walked(send: Sender, given: Callable[[Event], Any]) -> None:
    event = Event(name="a/b", data={"i": 1})

    assert send(connected(Server(accepting)), given(event)) == ["id-1"]


@both_colours
def test_no_event_needs_no_server(send: Sender) -> None:
    server = Server()

    assert (send(connected(server), []), server.requests) == ([], [])


@both_colours
def test_an_event_gets_the_time_of_sending(send: Sender) -> None:
    server = Server(accepting)

    send(connected(server), [Event(name="a"), Event(name="b", ts=1_700_000_000_000)])

    now, then = (event["ts"] for event in decode(server.requests[0].content))
    assert now > 1_700_000_000_000
    assert then == 1_700_000_000_000


def test_a_typed_event_is_sent_with_its_data() -> None:
    class Order(BaseModel):
        i: int

    server = Server(accepting)

    assert plainly(connected(server), EventType("order/placed", Order)(i=7)) == ["id-7"]
    assert decode(server.requests[0].content)[0]["data"] == {"i": 7}


@both_colours
@pytest.mark.parametrize(
    ("events", "kind"),
    [({"name": "a"}, "dict"), ("a", "str"), (5, "int"), (None, "NoneType"), ([{"name": "a"}], "dict"), (["a"], "str")],
)
def test_what_is_no_event_is_refused_with_what_to_write(send: Sender, events: Any, kind: str) -> None:
    server = Server(accepting)

    with pytest.raises(TypeError, match=rf"send takes Events, not a {kind}: write Event\(name=\.\.\., data=\.\.\.\)"):
        send(connected(server), events)

    assert server.requests == []


@both_colours
def test_an_event_that_cannot_be_written_is_refused_before_it_is_sent(send: Sender) -> None:
    server = Server(accepting)

    with pytest.raises(UnserializableError, match=r"\$\.data\.by"):
        send(connected(server), Event(name="a", data={"by": object()}))

    assert server.requests == []


# Trouble -----------------------------------------------------------------------------------------------------------


@both_colours
def test_a_send_is_tried_again_with_the_same_seed(send: Sender) -> None:
    answers = iter((httpx.ConnectError("refused"), httpx.Response(503, text="busy")))

    def sometimes(asked: httpx.Request) -> httpx.Response:
        answer: Any = next(answers, None)
        if isinstance(answer, Exception):
            raise answer
        return accepting(asked) if answer is None else answer

    server = Server(sometimes)

    assert send(connected(server), Event(name="a", data={"i": 1})) == ["id-1"]
    assert len({asked.headers["x-inngest-event-id-seed"] for asked in server.requests}) == 1
    assert len(server.requests) == 3


def test_two_sends_have_two_seeds() -> None:
    server = Server(accepting)
    client = connected(server)

    plainly(client, Event(name="a"))
    plainly(client, Event(name="a"))

    assert len({asked.headers["x-inngest-event-id-seed"].partition(",")[2] for asked in server.requests}) == 2


@both_colours
def test_a_rejected_event_names_the_reason_and_what_was_accepted(send: Sender) -> None:
    refusal = {"ids": ["01M80R5H2ZNKCWXCXBMEHKSBF1"], "status": 400, "error": "event name is empty"}
    server = Server(lambda _asked: httpx.Response(400, json=refusal))

    with pytest.raises(SendEventsError, match="status 400: event name is empty") as caught:
        send(connected(server), [Event(name="a"), Event(name="b")])

    assert caught.value.ids == ["01M80R5H2ZNKCWXCXBMEHKSBF1"]
    assert len(server.requests) == 1


@both_colours
@pytest.mark.parametrize("status", [200, 404, 502])
def test_a_server_that_answers_html_is_shown(send: Sender, status: int) -> None:
    server = Server(lambda _asked: httpx.Response(status, html="<html>Welcome to nginx</html>"))

    with pytest.raises(SendEventsError, match=f"status {status}: <html>Welcome to nginx</html>"):
        send(connected(server), Event(name="a"))


@both_colours
def test_a_server_that_is_not_there_is_named_without_the_key(send: Sender) -> None:
    def refuse(_asked: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    with pytest.raises(SendEventsError) as caught:
        send(connected(Server(refuse)), Event(name="a"))

    assert str(caught.value) == (
        "events were not sent: the Inngest server at http://events.test cannot be reached: "
        "[Errno 111] Connection refused"
    )
    assert EVENT_KEY not in str(caught.value)


@both_colours
def test_in_production_events_need_a_key(send: Sender) -> None:
    with pytest.raises(ConfigError, match="there is no event key: set INNGEST_EVENT_KEY"):
        send(connected(Server(), event_key=None), Event(name="a"))


def test_in_development_no_key_is_needed() -> None:
    server = Server(accepting)

    plainly(connected(server, is_production=False, event_key=None), Event(name="a"))

    assert server.requests[0].url.path == "/e/NO_EVENT_KEY_SET"


def test_the_environment_of_the_events_is_told() -> None:
    server = Server(accepting)

    plainly(connected(server, env="branch"), Event(name="a"))

    assert server.requests[0].headers["x-inngest-env"] == "branch"


# Real connections --------------------------------------------------------------------------------------------------


def event_api(request: Request) -> Response:
    ids = [f"id-{event['data']['i']}" for event in decode(request.body)]
    return Response(200, {"content-type": "text/plain"}, encode({"ids": ids, "status": 200}))


@pytest.fixture
def server() -> Iterator[SmallServer]:
    with serving(event_api) as running:
        yield running


def events(count: int) -> list[Event]:
    return [Event(name="a/b", data={"i": number}) for number in range(count)]


def test_one_client_serves_several_loops_one_after_the_other(server: SmallServer) -> None:
    client = Inngest(app_id="shop", is_production=False, base_url=server.url)

    async def twice() -> list[list[str]]:
        return [await client.send(events(2)), await client.send(events(1))]

    for _ in range(3):
        assert asyncio.run(twice()) == [["id-0", "id-1"], ["id-0"]]
        assert client.send_sync(events(1)) == ["id-0"]


def test_one_client_serves_several_loops_at_once(server: SmallServer) -> None:
    client = Inngest(app_id="shop", is_production=False, base_url=server.url)
    found: list[list[str]] = []

    threads = [threading.Thread(target=lambda: found.append(asyncio.run(client.send(events(2))))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [["id-0", "id-1"]] * 4


async def test_a_plain_send_in_a_coroutine_works_too(server: SmallServer) -> None:
    client = Inngest(app_id="shop", is_production=False, base_url=server.url)

    assert client.send_sync(events(1)) == await client.send(events(1))


def test_a_batch_of_thousands_keeps_its_order(server: SmallServer) -> None:
    client = Inngest(app_id="shop", is_production=False, base_url=server.url)

    assert client.send_sync(events(5_002)) == [f"id-{number}" for number in range(5_002)]


def test_no_log_shows_the_event_key(server: SmallServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Inngest(app_id="shop", is_production=False, base_url=server.url, event_key=EVENT_KEY)

    client.send_sync(events(1))
    asyncio.run(client.send(events(1)))

    assert "HTTP Request: POST" in caplog.text
    assert EVENT_KEY not in caplog.text


# Being one ---------------------------------------------------------------------------------------------------------


def test_a_client_shows_its_app_and_mode_and_no_key() -> None:
    client = Inngest(app_id="shop", is_production=True, signing_key=SIGNING_KEY, event_key=EVENT_KEY)

    assert (repr(client), client.is_production) == ("<Inngest shop cloud>", True)
    assert repr(Inngest(app_id="shop", is_production=False)) == "<Inngest shop dev>"


@pytest.mark.parametrize("app_id", ["", "two words", "a/b", "it's", None, 5, "-a"])
def test_an_app_id_that_cannot_be_part_of_an_id_is_refused(app_id: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Inngest(app_id=app_id)

    assert f"app_id={app_id!r} is not valid" in str(caught.value)


@pytest.mark.parametrize(("given", "expected"), [("5s", 5.0), (None, 30.0)])
def test_a_request_has_a_time_limit(given: str | None, expected: float) -> None:
    server = Server(accepting)

    plainly(connected(server, request_timeout=given), Event(name="a"))

    assert server.requests[0].extensions["timeout"]["read"] == expected


def test_a_time_limit_without_a_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match='request_timeout: the duration 5 has no unit: write "5s"'):
        Inngest(app_id="shop", request_timeout=5)  # type: ignore[arg-type]


def test_a_client_logs_where_it_is_told_to() -> None:
    logger = logging.getLogger("shop")

    assert Inngest(app_id="shop", logger=logger).logger is logger
    assert Inngest(app_id="shop").logger.name == "inngest_py"


def test_an_app_id_leaves_room_for_that_of_a_function() -> None:
    assert Inngest(app_id="a" * 126).app_id == "a" * 126

    with pytest.raises(ConfigError, match=r"app_id='aaa.* 126 characters at most"):
        Inngest(app_id="a" * 127)


class OwnMiddleware(Middleware):
    pass


@pytest.mark.parametrize(
    ("middleware", "said"),
    [
        (OwnMiddleware, "must be a list of classes: write middleware=[MyMiddleware]"),
        ("OwnMiddleware", "must be a list of classes"),
        ([OwnMiddleware(cast("Any", None), None)], "must be a class, of which one is made for each request"),
        ([5], "middleware=[5] must be a class"),
    ],
)
def test_middleware_is_given_as_classes(middleware: Any, said: str) -> None:
    client = Inngest(app_id="shop", is_production=False)

    for owner, declare in {
        "": lambda: Inngest(app_id="shop", middleware=middleware),
        'function "fn": ': lambda: client.create_function(
            fn_id="fn", trigger=TriggerEvent(event="a"), middleware=middleware
        )(lambda _ctx: None),
    }.items():
        with pytest.raises(ConfigError) as caught:
            declare()
        assert str(caught.value).startswith(f"{owner}middleware=")
        assert said in str(caught.value)


def test_large_events_are_sent_and_warned_of_once_for_each_name(
    server: SmallServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = Inngest(app_id="shop", is_production=False, base_url=server.url)
    text = "x" * 300 * 1024

    for name in ("file/read", "file/read", "file/kept"):
        client.send_sync(Event(name=name, data={"i": 0, "text": text}))

    assert [message for message in caplog.messages if "KiB" in message] == [
        f'inngest: the event "{name}" has 300 KiB: store what it carries, and send where that is'
        for name in ("file/read", "file/kept")
    ]
