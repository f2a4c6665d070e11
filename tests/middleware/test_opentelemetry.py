"""One span for each execution and each attempt of a step, below the right one, and no provider of our own."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import StatusCode

from inngest_py import Checkpointing, Context, ContextSync, Handler, TriggerEvent
from inngest_py.middleware.opentelemetry import OpenTelemetryMiddleware
from played import call_request, make_client, play

TRIGGER = TriggerEvent(event="test/event")
COLOURS = pytest.mark.parametrize("colour", ["plain", "coroutine"])
DRIVERS = pytest.mark.parametrize("driver", ["handle", "ahandle"])
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, logger="inngest_py")


class Traced:
    """A client with a provider of a test's own, and what that has exported."""

    def __init__(self, sampler=None, **options):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler) if sampler else TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("host")
        self.client = make_client(
            middleware=[OpenTelemetryMiddleware.factory(tracer_provider=self.provider)], **options
        )

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    @property
    def names(self):
        return [span.name for span in self.spans]

    def span(self, name):
        (found,) = [span for span in self.spans if span.name == name]
        return found


@pytest.fixture
def traced():
    return Traced()


def declare(client, handler=lambda: 1):
    @client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return ctx.step.run("a", handler)

    @client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return await ctx.step.run("a", handler)


def answer(client, colour, driver="handle", headers=None, **call):
    request = call_request(f"app-{colour}", **call)
    request = replace(request, headers={**request.headers, **(headers or {})})
    handler = Handler(client, framework="test")
    return handler.handle(request) if driver == "handle" else asyncio.run(handler.ahandle(request))


@COLOURS
@DRIVERS
def test_a_step_is_a_span_in_that_of_its_function(traced, colour, driver):
    declare(traced.client)

    answer(traced.client, colour, driver, attempt=2)

    assert traced.names == ["inngest.step a", f"inngest.function {colour}"]
    step, function = traced.spans
    assert step.parent.span_id == function.context.span_id
    whose = {"inngest.app.id": "app", "inngest.function.id": f"app-{colour}", "inngest.run.id": "R1"}
    assert step.attributes == whose | {"inngest.attempt": 2, "inngest.step.id": "a", "inngest.step.name": "a"}
    event = {"inngest.event.id": "E1", "inngest.event.name": "test/event"}
    assert function.attributes == whose | {"inngest.attempt": 2} | event
    assert (step.status.status_code, function.status.status_code) == (StatusCode.UNSET, StatusCode.UNSET)


@COLOURS
def test_a_step_that_has_its_result_has_no_span_and_every_execution_has_one(traced, colour):
    declare(traced.client)

    play(traced.client, colour)

    function = f"inngest.function {colour}"
    assert traced.names == ["inngest.step a", function, function]


@COLOURS
@DRIVERS
def test_the_users_own_spans_are_below_those_of_the_step_and_of_the_function(traced, colour, driver):
    def work():
        with traced.tracer.start_as_current_span("in the step"):
            pass

    @traced.client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        with traced.tracer.start_as_current_span("in the function"):
            pass
        ctx.step.run("a", work)

    @traced.client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        with traced.tracer.start_as_current_span("in the function"):
            pass
        await ctx.step.run("a", work)

    answer(traced.client, colour, driver)

    step, function = traced.span("inngest.step a"), traced.span(f"inngest.function {colour}")
    assert traced.span("in the step").parent.span_id == step.context.span_id
    assert traced.span("in the function").parent.span_id == function.context.span_id
    assert not trace.get_current_span().get_span_context().is_valid


@COLOURS
def test_every_attempt_has_a_span_and_those_that_failed_say_with_what(traced, colour):
    declare(traced.client, lambda: 1 / 0)

    play(traced.client, colour, max_attempts=2)

    first, _, second, _, function = traced.spans
    assert [first.attributes["inngest.attempt"], second.attributes["inngest.attempt"]] == [0, 1]
    for span in (first, second):
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == "ZeroDivisionError: division by zero"
        assert [event.name for event in span.events] == ["exception"]
    assert function.status.description == "StepError: ZeroDivisionError: division by zero"


@COLOURS
@DRIVERS
def test_the_request_says_of_which_trace_it_is(traced, colour, driver):
    declare(traced.client)

    answer(traced.client, colour, driver, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})

    function = traced.span(f"inngest.function {colour}")
    assert f"{function.context.trace_id:032x}" == TRACE
    assert f"{function.parent.span_id:016x}" == PARENT


@COLOURS
def test_a_span_of_the_host_comes_before_what_the_request_says(traced, colour):
    declare(traced.client)

    with traced.tracer.start_as_current_span("request") as request:
        answer(traced.client, colour, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})

    assert traced.span(f"inngest.function {colour}").parent.span_id == request.get_span_context().span_id


def test_the_hosts_sampling_is_honoured():
    off = Traced(ALWAYS_OFF)
    declare(off.client)
    parent_based = Traced(ParentBased(root=ALWAYS_OFF))
    declare(parent_based.client)

    answer(off.client, "plain", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    answer(parent_based.client, "plain", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    assert (off.names, parent_based.names) == ([], [])

    answer(parent_based.client, "plain", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    assert parent_based.names == ["inngest.step a", "inngest.function plain"]


@pytest.mark.parametrize("headers", [{}, {"traceparent": "nonsense"}])
def test_a_request_of_no_trace_begins_one(traced, headers):
    declare(traced.client)

    answer(traced.client, "plain", headers=headers)

    assert traced.span("inngest.function plain").parent is None


def test_without_a_provider_nothing_happens_and_none_is_installed():
    client = make_client(middleware=[OpenTelemetryMiddleware])
    declare(client)

    response = answer(client, "plain")

    assert response.status == 206
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@COLOURS
def test_several_steps_of_one_request_have_a_span_each(colour):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    kind = httpx.Client if colour == "plain" else httpx.AsyncClient
    traced = Traced(http_client=kind(transport=transport), checkpointing=Checkpointing())

    @traced.client.create_function(fn_id="plain", trigger=TRIGGER)
    def plain(ctx: ContextSync):
        return [ctx.step.run("a", lambda: 1), ctx.step.run("b", lambda: 2)]

    @traced.client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        return [await ctx.step.run("a", lambda: 1), await ctx.step.run("b", lambda: 2)]

    driver = "handle" if colour == "plain" else "ahandle"
    response = answer(traced.client, colour, driver, attempt=1, fn_id="f", qi_id="q")

    assert json.loads(response.body) == [1, 2]
    assert traced.names == ["inngest.step a", "inngest.step b", f"inngest.function {colour}"]
    assert [span.attributes["inngest.attempt"] for span in traced.spans] == [1, 0, 1]


def test_a_step_whose_caller_is_cancelled_leaves_no_span_behind(traced):
    found: list[Any] = []

    @traced.client.create_function(fn_id="coroutine", trigger=TRIGGER)
    async def coroutine(ctx: Context):
        started = asyncio.Event()

        async def wait():
            started.set()
            await asyncio.Event().wait()

        async def with_a_step():
            try:
                await ctx.step.run("a", wait)
            except asyncio.CancelledError:
                found.append(trace.get_current_span())

        task = asyncio.create_task(with_a_step())
        await started.wait()
        task.cancel()
        await asyncio.wait([task])

    answer(traced.client, "coroutine", "ahandle")

    assert [span.name for span in found] == ["inngest.function coroutine"]
    assert traced.names == ["inngest.step a", "inngest.function coroutine"]
