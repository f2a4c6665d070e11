"""What is reported to Sentry: final attempts, once, with tags of their own call and no trace in anybody else's."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from inngest_py import Context, ContextSync, Handler, NonRetriableError, StepError, TriggerEvent
from inngest_py.middleware.sentry import SentryMiddleware
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
DRIVERS = pytest.mark.parametrize("driver", ["handle", "ahandle"])


class Captured(Transport):
    """Keeps events, and counts flushes."""

    def __init__(self, options=None):
        super().__init__(options)
        self.events: list[Any] = []
        self.flushed = 0

    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)

    def flush(self, timeout, callback=None):
        self.flushed += 1

    @property
    def errors(self):
        return [(event["exception"]["values"][-1]["type"], event["tags"]) for event in self.events]


@pytest.fixture
def captured():
    """A Sentry client of the test's own, with the integrations that everybody has."""
    transport = Captured()
    sentry_sdk.init(
        dsn="https://key@example.com/1",
        transport=transport,
        default_integrations=False,
        integrations=[LoggingIntegration(), DedupeIntegration()],
    )
    yield transport
    sentry_sdk.get_global_scope().set_client(None)


def fail():
    raise ValueError("no")


def declare(client, handler=fail):
    @client.create_function(fn_id="plain", name="A function", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", handler)

    @client.create_function(fn_id="coroutine", name="A function", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await ctx.step.run("a", handler)

    return client


def answer(client, colour, driver="handle", **call):
    handler, request = Handler(client, framework="test"), call_request(f"app-{colour}", **call)
    return handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))


@COLOURS
@DRIVERS
@pytest.mark.parametrize(("attempt", "reports"), [(0, 0), (2, 0), (3, 1)])
def test_only_the_last_attempt_is_reported_once(captured, colour, driver, attempt, reports):
    client = declare(make_client(middleware=[SentryMiddleware]))

    answer(client, colour, driver, attempt=attempt)

    assert [name for name, _ in captured.errors] == ["ValueError"] * reports


@COLOURS
def test_a_run_that_fails_is_one_report_with_tags_that_say_where(captured, colour):
    client = declare(make_client(middleware=[SentryMiddleware]))

    play(client, colour)

    ((name, tags),) = captured.errors
    assert name == "ValueError"
    assert {key: value for key, value in tags.items() if key.startswith("inngest.")} == {
        "inngest.app.id": "app",
        "inngest.attempt": 3,
        "inngest.error.source": "step",
        "inngest.event.count": 1,
        "inngest.event.id": "E1",
        "inngest.event.name": "test/event",
        "inngest.function.id": colour,
        "inngest.function.name": "A function",
        "inngest.run.id": "R1",
        "inngest.step.id": "a",
        "inngest.step.name": "a",
    }


@COLOURS
def test_every_attempt_is_reported_if_wanted(captured, colour):
    client = declare(make_client(middleware=[SentryMiddleware.factory(every_attempt=True)]))

    play(client, colour)

    assert [tags["inngest.attempt"] for _, tags in captured.errors] == [0, 1, 2, 3]


@COLOURS
def test_without_step_errors_the_function_is_reported(captured, colour):
    client = declare(make_client(middleware=[SentryMiddleware.factory(step_errors=False)]))

    play(client, colour)

    ((name, tags),) = captured.errors
    assert (name, tags["inngest.error.source"]) == ("StepError", "function")


def test_an_error_of_the_function_itself_is_reported_when_no_attempt_is_left(captured):
    client = make_client(middleware=[SentryMiddleware])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        raise ValueError("no")

    play(client, "plain")

    ((name, tags),) = captured.errors
    assert (name, tags["inngest.error.source"], "inngest.step.id" in tags) == ("ValueError", "function", False)


def test_an_error_that_no_retry_helps_is_reported_at_once_and_a_quiet_one_never(captured):
    def refuse():
        raise NonRetriableError("no")

    def refuse_quietly():
        raise NonRetriableError("no", quiet=True)

    answer(declare(make_client(middleware=[SentryMiddleware]), refuse), "plain")
    answer(declare(make_client(middleware=[SentryMiddleware]), refuse_quietly), "plain")

    assert [name for name, _ in captured.errors] == ["NonRetriableError"]


@COLOURS
def test_what_the_user_logs_or_captures_has_the_tags_too_and_is_not_repeated(captured, colour):
    client = make_client(middleware=[SentryMiddleware])
    log = logging.getLogger("shop")

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        log.error("start")
        ctx.step.run("a", lambda: log.error("in a"))
        ctx.step.sleep("nap", "1h")

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        log.error("start")
        await ctx.step.run("a", lambda: log.error("in a"))
        await ctx.step.sleep("nap", "1h")

    play(client, colour)

    found = [(event["logentry"]["message"], event["tags"].get("inngest.step.id")) for event in captured.events]
    assert found == [("start", None), ("in a", "a")]
    assert all(event["tags"]["inngest.run.id"] == "R1" for event in captured.events)


@COLOURS
@DRIVERS
def test_nothing_of_a_call_is_left_behind(captured, colour, driver):
    client = declare(make_client(middleware=[SentryMiddleware]), lambda: sentry_sdk.set_tag("mine", "1"))

    answer(client, colour, driver)
    sentry_sdk.capture_message("after")
    logging.getLogger("inngest_py").error("something else")

    assert [dict(event.get("tags") or {}) for event in captured.events] == [{}, {}]


def test_calls_at_once_have_tags_of_their_own(captured):
    client = make_client(middleware=[SentryMiddleware])

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        await asyncio.sleep(0)
        raise NonRetriableError(ctx.run_id)

    async def calls():
        handler = Handler(client, framework="test")
        requests = [call_request("app-coroutine", run_id=f"R{number}") for number in range(5)]
        await asyncio.gather(*(handler.ahandle(request) for request in requests))

    asyncio.run(calls())

    told = [(event["exception"]["values"][-1]["value"], event["tags"]["inngest.run.id"]) for event in captured.events]
    assert sorted(told) == [(f"R{number}", f"R{number}") for number in range(5)]


@DRIVERS
@pytest.mark.parametrize("flush", [False, True])
def test_reports_are_waited_for_if_wanted_and_only_then(captured, driver, flush):
    client = declare(make_client(middleware=[SentryMiddleware.factory(flush=flush)]))

    answer(client, "plain", driver)

    assert captured.flushed == int(flush)


def test_without_a_client_of_sentry_nothing_happens():
    client = declare(make_client(middleware=[SentryMiddleware]))

    assert answer(client, "plain", attempt=3).status == 206


def test_an_exception_without_room_for_a_mark_is_reported_all_the_same(captured):
    class Tight(Exception):  # noqa: N818 - what matters is its slots
        __slots__ = ()

        def __setattr__(self, name, value):
            if not name.startswith("__") or name == "__inngest_seen__":
                raise AttributeError(name)
            super().__setattr__(name, value)

    def fail_tightly():
        raise Tight

    answer(declare(make_client(middleware=[SentryMiddleware]), fail_tightly), "plain", attempt=3)

    assert captured.errors[0][0].endswith("Tight")


def test_a_step_error_that_is_caught_is_no_failure_of_the_function(captured):
    client = make_client(middleware=[SentryMiddleware])

    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        try:
            ctx.step.run("a", fail)
        except StepError:
            return "caught"

    run = play(client, "plain")

    assert (run.output, [name for name, _ in captured.errors]) == ("caught", ["ValueError"])
